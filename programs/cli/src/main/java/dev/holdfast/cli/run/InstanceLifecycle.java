package dev.holdfast.cli.run;

import dev.holdfast.cli.ExitCode;
import dev.holdfast.core.DurationText;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The lifecycle of an instance: registers a program while it is healthy, and deregisters it before
 * it stops.
 *
 * <p>With a child ({@code run}) the lifecycle ends with the child; without one ({@code register})
 * on request. The order at the end: draining, deregistered, wait for clients to hear of it, signal
 * to the program, end.
 */
public final class InstanceLifecycle {
  private final HealthGatedRegistration healthGatedRegistration;
  private final ProgramHealthOptions health;
  private final StopOptions times;
  private final InstanceEventLog instanceEventLog;
  private final StopRequest stop;

  public InstanceLifecycle(
      HealthGatedRegistration healthGatedRegistration,
      ProgramHealthOptions health,
      StopOptions times,
      InstanceEventLog instanceEventLog,
      StopRequest stop) {
    this.healthGatedRegistration = healthGatedRegistration;
    this.health = health;
    this.times = times;
    this.instanceEventLog = instanceEventLog;
    this.stop = stop;
  }

  /** Starts a program, keeps it registered until it ends, and returns its exit code. */
  public int run(List<String> command) throws InterruptedException {
    if (new PortProbe(health.hosts(), health.port()).isOpen()) {
      instanceEventLog.say(
          "port_taken",
          "port "
              + health.port()
              + ": another program answers there already (expected: free; holdfast register"
              + " registers a program that runs)");
      return ExitCode.FAILED;
    }
    ChildProcess childProcess = ChildProcess.start(command);
    try {
      instanceEventLog.say("started", "started " + command.get(0) + ", pid " + childProcess.pid());
      Signals.handle("HUP", childProcess::pass);
      Signals.handle("USR2", childProcess::pass);
      return keep(childProcess);
    } finally {
      // Reached with a living child only when something broke: nobody would watch it any more.
      if (childProcess.isAlive()) {
        childProcess.kill();
      }
    }
  }

  /** Keeps a program registered that somebody else started; returns when told to stop. */
  public int register() throws InterruptedException {
    Signals.handle("HUP", stop::signal);
    CompletableFuture<Void> portOpen = new CompletableFuture<>();
    instanceEventLog.say("waiting_port", "waiting for port " + health.port());
    try (HealthFollower follower = follow(portOpen)) {
      follower.start();
      if (await(CompletableFuture.anyOf(portOpen, stop.first()), times.ready())) {
        await(stop.first(), Duration.ZERO);
      }
    }
    boolean stopped = stop.first().isDone();
    if (!stopped) {
      sayNeverReady();
    }
    leave(new CompletableFuture<>());
    return stopped ? ExitCode.OK : ExitCode.FAILED;
  }

  private int keep(ChildProcess childProcess) throws InterruptedException {
    CompletableFuture<Integer> exit = childProcess.exit();
    CompletableFuture<Void> portOpen = new CompletableFuture<>();
    try (HealthFollower follower = follow(portOpen)) {
      follower.start();
      CompletableFuture<Object> ended = CompletableFuture.anyOf(exit, stop.first());
      if (await(CompletableFuture.anyOf(portOpen, ended), times.ready())) {
        await(ended, Duration.ZERO);
      }
    }
    if (exit.isDone()) {
      healthGatedRegistration.leave(times.deregister());
      return sayExit(exit.join());
    }
    if (!stop.first().isDone()) {
      sayNeverReady();
      end(childProcess, "TERM");
      return ExitCode.FAILED;
    }
    leave(exit);
    return sayExit(end(childProcess, stop.first().join()));
  }

  private HealthFollower follow(CompletableFuture<Void> portOpen) {
    return new HealthFollower(
        health,
        new HealthFollower.ProgramHealthListener() {
          @Override
          public void onPortOpen() {
            portOpen.complete(null);
          }

          @Override
          public void onHealth(ProgramHealth value, String cause) {
            healthGatedRegistration.onHealth(value, cause);
          }
        });
  }

  /**
   * Out of the registry, then time for clients; a second signal or the end of the child cuts it.
   */
  private void leave(CompletableFuture<Integer> exit) throws InterruptedException {
    instanceEventLog.say(
        "stopping",
        stop.first().isDone() ? "SIG" + stop.first().join() + ": draining" : "draining");
    if (healthGatedRegistration.leave(times.deregister()) && !times.spread().isZero()) {
      instanceEventLog.say(
          "spreading", "waiting " + DurationText.format(times.spread()) + " for clients to notice");
      await(CompletableFuture.anyOf(exit, stop.second()), times.spread());
    }
  }

  /** Tells the child to stop and sees to it; returns its exit code. */
  private int end(ChildProcess childProcess, String signal) throws InterruptedException {
    CompletableFuture<Integer> exit = childProcess.exit();
    if (!exit.isDone()) {
      instanceEventLog.say("signal", "passing SIG" + signal + " on to pid " + childProcess.pid());
      childProcess.pass(signal);
    }
    Duration limit = times.stop();
    if (!await(exit, limit.isZero() ? Duration.ofMillis(1) : limit)) {
      instanceEventLog.say(
          "killed",
          "pid "
              + childProcess.pid()
              + " did not stop within "
              + DurationText.format(limit)
              + ": killed");
      childProcess.kill();
    }
    return exit.join();
  }

  private void sayNeverReady() {
    instanceEventLog.say(
        "never_ready",
        "port "
            + health.port()
            + ": no answer within "
            + DurationText.format(times.ready())
            + " on "
            + String.join(", ", health.hosts())
            + " (expected: the program to listen there; --ready-timeout gives it longer)");
  }

  private int sayExit(int code) {
    String how = code > 128 ? "ended by signal " + (code - 128) : "ended with code " + code;
    instanceEventLog.say("exited", "the program " + how, java.util.Map.of("code", code));
    return code;
  }

  /** Whether it completed within the limit; zero waits for ever. */
  private static boolean await(CompletableFuture<?> future, Duration limit)
      throws InterruptedException {
    try {
      if (limit.isZero()) {
        future.get();
      } else {
        future.get(limit.toMillis(), TimeUnit.MILLISECONDS);
      }
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }
}
