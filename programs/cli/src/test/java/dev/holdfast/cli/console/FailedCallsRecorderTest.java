package dev.holdfast.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.admin.rpc.FailedCalls;
import dev.holdfast.admin.rpc.ProcessReport;
import dev.holdfast.cli.fleet.FleetInstance;
import dev.holdfast.core.testkit.VirtualScheduler;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FailedCallsRecorderTest {
  private static final String ADDRESS = "10.0.0.7:9090";

  private final VirtualScheduler time = new VirtualScheduler();
  private final Timeline timeline = new Timeline(time.clock());
  private final FailedCallsRecorder recorder = new FailedCallsRecorder(timeline, time.clock());

  @Test
  void onlyWhatFailsAfterTheFirstLookIsAnEvent() {
    look("p1", client("UNAVAILABLE", 40));
    look("p1", client("UNAVAILABLE", 40));
    assertThat(timeline.newest(10)).isEmpty();

    look("p1", client("UNAVAILABLE", 43));
    assertThat(timeline.newest(10))
        .singleElement()
        .satisfies(
            event -> {
              assertThat(event.kind()).isEqualTo("calls");
              assertThat(event.subject()).isEqualTo("orders called by 10.0.0.7:9090");
              assertThat(event.what()).isEqualTo("3 failed");
              assertThat(event.detail()).isEqualTo("UNAVAILABLE");
              assertThat(event.trouble()).isTrue();
            });
  }

  @Test
  void failuresWithinTenSecondsAreOneEventThatGrows() {
    look("p1");
    look("p1", client("UNAVAILABLE", 1));
    time.advance(FailedCallsRecorder.ONE_EVENT.minusNanos(1));
    look("p1", client("UNAVAILABLE", 5));
    assertThat(timeline.newest(10)).extracting(TimelineEvent::what).containsExactly("5 failed");

    time.advance(Duration.ofNanos(1));
    look("p1", client("UNAVAILABLE", 7));
    assertThat(timeline.newest(10))
        .extracting(TimelineEvent::what)
        .containsExactly("2 failed", "5 failed");
  }

  @Test
  void sidesAndStatusesAreApart() {
    look("p1");
    look(
        "p1",
        client("UNAVAILABLE", 1),
        client("NOT_FOUND", 2),
        FailedCalls.newBuilder().setRole("server").setCode("INTERNAL").setCalls(3).build());
    assertThat(timeline.newest(10))
        .extracting(TimelineEvent::subject, TimelineEvent::what, TimelineEvent::trouble)
        .containsExactlyInAnyOrder(
            org.assertj.core.api.Assertions.tuple(
                "orders called by 10.0.0.7:9090", "1 failed", true),
            org.assertj.core.api.Assertions.tuple(
                "orders called by 10.0.0.7:9090", "2 failed", false),
            org.assertj.core.api.Assertions.tuple(
                "another service served by 10.0.0.7:9090", "3 failed", true));
  }

  @Test
  void anotherProcessAtTheSameAddressBeginsAnew() {
    look("p1", client("UNAVAILABLE", 40));
    look("p2", client("UNAVAILABLE", 2));
    look("p2", client("UNAVAILABLE", 3));
    assertThat(timeline.newest(10)).extracting(TimelineEvent::what).containsExactly("1 failed");
  }

  @Test
  void processOfAnEarlierVersionCountsNothing() {
    look("old");
    look("old");
    recorder.look(
        List.of(new FleetInstance.InstanceStatus(ADDRESS, Optional.empty(), "", Optional.empty())));
    assertThat(timeline.newest(10)).isEmpty();
  }

  private void look(String process, FailedCalls... failed) {
    recorder.look(
        List.of(
            new FleetInstance.InstanceStatus(
                ADDRESS,
                Optional.empty(),
                "",
                Optional.of(
                    ProcessReport.newBuilder()
                        .setId(process)
                        .addAllFailedCalls(List.of(failed))
                        .build()))));
  }

  private static FailedCalls client(String code, long calls) {
    return FailedCalls.newBuilder()
        .setRole("client")
        .setService("orders")
        .setCode(code)
        .setCalls(calls)
        .build();
  }
}
