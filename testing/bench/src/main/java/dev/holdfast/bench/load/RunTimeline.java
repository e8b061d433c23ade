package dev.holdfast.bench.load;

import dev.holdfast.bench.load.FailedCalls.RunPhase;
import dev.holdfast.bench.process.StallReport;
import dev.holdfast.bench.run.Report;
import dev.holdfast.lab.load.StallRecorder;
import dev.holdfast.lab.load.StallRecorder.ProcessStall;
import dev.holdfast.lab.process.ChildJvm;
import java.util.ArrayList;
import java.util.List;

/** The timeline of a run: its stages, its failed calls, and the stalls of its processes. */
public final class RunTimeline {
  private final StallRecorder ours;
  private final ChildJvm servers;
  private final List<RunPhase> runPhases = new ArrayList<>();
  private final List<OpenLoopLoad> calls = new ArrayList<>();

  /**
   * Creates the timeline of a run that begins.
   *
   * @param servers a child that answers every line with its {@link StallRecorder}
   */
  public RunTimeline(StallRecorder ours, ChildJvm servers) {
    this.ours = ours;
    this.servers = servers;
  }

  /** Starts the stage with the given name. */
  public void begin(String stage) {
    runPhases.add(new RunPhase(stage, System.currentTimeMillis()));
  }

  /** These calls belong to the run. */
  public void count(OpenLoopLoad more) {
    calls.add(more);
  }

  /** The number of calls that have failed so far or never ended. */
  public long failed() {
    return calls.stream().mapToLong(some -> some.failed() + some.unaccounted()).sum();
  }

  /** Says who stood still since the first stage, and which calls failed when. */
  public void report(Report report) throws Exception {
    List<ProcessStall> ourStills = sinceTheBeginning(ours.stalls());
    List<ProcessStall> theirStills = sinceTheBeginning(StallReport.ask(servers));
    for (OpenLoopLoad some : calls) {
      report.say("calls: %d, failed: %d %s", some.issued(), some.failed(), some.failures());
      some.failedCalls()
          .story(runPhases, ourStills, theirStills)
          .forEach(line -> report.say("%s", line));
    }
    report
        .figure("standstill_ms", StallRecorder.longestMillis(ourStills))
        .figure("servers_standstill_ms", StallRecorder.longestMillis(theirStills));
  }

  private List<ProcessStall> sinceTheBeginning(List<ProcessStall> stills) {
    long fromMillis = runPhases.get(0).fromMillis();
    return stills.stream().filter(still -> still.meets(fromMillis, Long.MAX_VALUE)).toList();
  }
}
