package dev.holdfast.gateway.http2.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.http2.codec.CaseConnection.Feeding;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The cases that RFC 9113 and RFC 7541 name, one by one, in both roles where both apply. */
class RfcCasesTest {
  private static final long PROOF_OF_LIFE = 77;

  static Stream<CodecCase> cases() {
    return Stream.of(
            ConnectionCases.cases(),
            StreamStateCases.cases(),
            FrameCases.cases(),
            SettingsCases.cases(),
            FlowControlCases.cases(),
            HeaderBlockCases.cases(),
            MessageCases.cases(),
            FieldCases.cases(),
            HpackCases.cases(),
            HpackExampleCases.cases())
        .flatMap(List::stream);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void endsAsTheRfcSays(CodecCase each) throws Exception {
    boolean ends = each.expected().contains("sent GOAWAY");
    String life = "sent PING ack " + PROOF_OF_LIFE;
    String expected = ends ? each.expected() : withLife(each.expected(), life);
    for (Feeding feeding : Feeding.values()) {
      try (CaseConnection connection = new CaseConnection(each.server(), feeding)) {
        connection.enter(each);
        connection.feed(each.bytes());
        connection.feed(CaseFrames.ping(PROOF_OF_LIFE));
        assertThat(connection.events()).as("%s, %s", each, feeding).isEqualTo(expected);
        assertThat(connection.isOpen()).as("%s, %s: open", each, feeding).isEqualTo(!ends);
      }
    }
  }

  private static String withLife(String events, String life) {
    return events.isEmpty() ? life : CodecCase.all(events, life);
  }
}
