package dev.holdfast.cli.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.control.admin.v1.Load;
import dev.holdfast.control.admin.v1.StatusResponse;
import org.junit.jupiter.api.Test;

/** What people read of services that are not served. */
class ControlStatusTextTest {

  @Test
  void whatIsNotServedIsNamedWithWhomItHoldsUp() {
    StatusResponse status =
        StatusResponse.newBuilder().setServing(true).addPending("users").addRefused("shop").build();

    assertThat(String.join("\n", ControlStatusText.lines(status)))
        .contains("nothing is known yet of users: who asks for it waits")
        .contains("the registry makes no sense of shop: who asks for nothing else waits");
    assertThat(ControlStatusText.json(status).toString())
        .contains("\"pending\":[\"users\"]")
        .contains("\"refused\":[\"shop\"]");
  }

  @Test
  void loadIsANumberForPrograms() {
    StatusResponse status =
        StatusResponse.newBuilder()
            .addLoads(Load.newBuilder().setCluster("orders").setIssued(7).setIssuedPerS(1.23456))
            .build();

    assertThat(ControlStatusText.json(status).toString())
        .contains("\"issued\":7,\"issued_per_s\":1.235,");
  }
}
