package dev.holdfast.bench;

import dev.holdfast.bench.FailedCalls.Stage;
import dev.holdfast.bench.StandStills.StandStill;
import java.util.ArrayList;
import java.util.List;

/** The timeline of a run: its stages, its failed calls, and the stalls of its processes. */
final class Diary {
  private final StandStills ours;
  private final ChildJvm servers;
  private final List<Stage> stages = new ArrayList<>();
  private final List<SteadyCalls> calls = new ArrayList<>();

  /**
   * Creates the timeline of a run that begins.
   *
   * @param servers a child that answers every line with its {@link StandStills}
   */
  Diary(StandStills ours, ChildJvm servers) {
    this.ours = ours;
    this.servers = servers;
  }

  /** Starts the stage with the given name. */
  void begin(String stage) {
    stages.add(new Stage(stage, System.currentTimeMillis()));
  }

  /** These calls belong to the run. */
  void count(SteadyCalls more) {
    calls.add(more);
  }

  /** The number of calls that have failed so far or never ended. */
  long failed() {
    return calls.stream().mapToLong(some -> some.failed() + some.unaccounted()).sum();
  }

  /** Says who stood still since the first stage, and which calls failed when. */
  void tell(Report report) throws Exception {
    List<StandStill> ourStills = sinceTheBeginning(ours.seen());
    List<StandStill> theirStills = sinceTheBeginning(StandStills.ask(servers));
    for (SteadyCalls some : calls) {
      report.say("calls: %d, failed: %d %s", some.issued(), some.failed(), some.failures());
      some.failedCalls()
          .story(stages, ourStills, theirStills)
          .forEach(line -> report.say("%s", line));
    }
    report
        .figure("standstill_ms", StandStills.longestMillis(ourStills))
        .figure("servers_standstill_ms", StandStills.longestMillis(theirStills));
  }

  private List<StandStill> sinceTheBeginning(List<StandStill> stills) {
    long fromMillis = stages.get(0).fromMillis();
    return stills.stream().filter(still -> still.meets(fromMillis, Long.MAX_VALUE)).toList();
  }
}
