package dev.holdfast.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.bench.v1.EchoRequest;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class H2loadTest {
  private static final String SAID =
      """
      finished in 1.02s, 196.08 req/s, 33.20KB/s
      requests: 200 total, 200 started, 200 done, 200 succeeded, 0 failed, 0 errored, 0 timeout
      status codes: 200 2xx, 0 3xx, 0 4xx, 0 5xx
      traffic: 33.86KB (34672) total, 14.13KB (14472) headers (space savings 47.39%), 13.87KB (14200) data
      """;

  @Test
  void takesTrueAnswers() {
    assertThat(GatewayWork.SMALL.responseBodyBytes()).isEqualTo(71);

    assertThatCode(() -> H2load.requireAllAnswered(SAID, GatewayWork.SMALL, 200))
        .doesNotThrowAnyException();
  }

  @Test
  void refusesAnAnswerWithoutAMessageThoughItsStatusIs200() {
    String oneIsEmpty = SAID.replace("(14200) data", "(14129) data");

    assertThatThrownBy(() -> H2load.requireAllAnswered(oneIsEmpty, GatewayWork.SMALL, 200))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith(
            "answered: 200, 2xx: 200, bytes: 14129 (expected: 200, 200, 14200)");
  }

  @Test
  void refusesFailures() {
    assertThatThrownBy(() -> H2load.requireAllAnswered(SAID, GatewayWork.SMALL, 201))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(
            () ->
                H2load.requireAllAnswered(
                    SAID.replace("200 2xx", "199 2xx"), GatewayWork.SMALL, 200))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void sendsTheMessageFramedAsGrpcDoes() throws Exception {
    byte[] body = GatewayWork.KILOBYTE.requestBody();

    assertThat(body).startsWith(0, 0, 0, 4, 3).hasSize(5 + 1_027);
    assertThat(EchoRequest.parseFrom(Arrays.copyOfRange(body, 5, body.length)).getPayload().size())
        .isEqualTo(1_024);
  }
}
