package dev.holdfast.duplex.conformance;

import dev.holdfast.duplex.conformance.implementation.Implementation;
import dev.holdfast.duplex.conformance.implementation.JsonLine;
import dev.holdfast.duplex.conformance.scenario.Scenario;
import dev.holdfast.duplex.conformance.scenario.Stage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The runner of scenarios against one client and one server implementation. An implementation whose
 * scenario failed is started anew. Used by one thread.
 */
public final class ScenarioRunner implements AutoCloseable {
  private final List<String> clientCommand;
  private final List<String> serverCommand;
  private final List<List<String>> nextCommands;
  private final Path log;
  private @Nullable Implementation client;
  private @Nullable Implementation server;
  private final List<Implementation> next = new ArrayList<>();

  /**
   * Creates a runner.
   *
   * @param clientCommand the command line of the client's adapter
   * @param serverCommand that of the server's
   * @param nextCommands those of the servers to which its streams move
   * @param log takes what adapters say on standard error, and the dialogs of a scenario that fails
   */
  public ScenarioRunner(
      List<String> clientCommand,
      List<String> serverCommand,
      List<List<String>> nextCommands,
      Path log) {
    this.clientCommand = List.copyOf(clientCommand);
    this.serverCommand = List.copyOf(serverCommand);
    this.nextCommands = List.copyOf(nextCommands);
    this.log = log;
  }

  /** The outcome of a scenario. */
  public enum Outcome {
    PASSED,
    FAILED,
    /** The implementation says that it lacks what the scenario needs. */
    SKIPPED
  }

  /**
   * The result of a scenario.
   *
   * @param cause of a failure; the missing options of a skipped one; empty otherwise
   */
  public record Result(Scenario scenario, Outcome outcome, String cause) {}

  /** Runs a scenario. */
  public Result run(Scenario scenario) throws IOException, InterruptedException {
    boolean needsClient = scenario.role() != Scenario.Role.SERVER;
    boolean needsServer = scenario.role() != Scenario.Role.CLIENT;
    Implementation first = needsClient ? client() : server();
    Implementation second = needsServer ? server() : first;
    List<String> missing = scenario.unmetNeeds(first.options(), second.options());
    if (!missing.isEmpty()) {
      return new Result(scenario, Outcome.SKIPPED, String.join(", ", missing));
    }
    List<Implementation> moveTo = scenario.moves() ? next() : List.of();
    try (Stage stage = new Stage(first, second, moveTo)) {
      scenario.script().run(stage);
      reset(first);
      for (Implementation each : moveTo) {
        reset(each);
      }
      if (second != first) {
        reset(second);
      }
      return new Result(scenario, Outcome.PASSED, "");
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception | AssertionError e) {
      logDialogs(scenario);
      stop();
      return new Result(scenario, Outcome.FAILED, describe(e));
    }
  }

  /** Writes down what was said to the adapters and by them, as the cause often needs all of it. */
  private void logDialogs(Scenario scenario) throws IOException {
    List<String> lines = new ArrayList<>();
    Stream.concat(Stream.of(client, server), next.stream())
        .filter(Objects::nonNull)
        .forEach(
            each -> {
              lines.add(scenario.name() + " failed; the last lines of " + each.name() + ":");
              lines.addAll(each.dialog());
            });
    Files.write(log, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private static String describe(Throwable e) {
    for (StackTraceElement at : e.getStackTrace()) {
      if (at.getClassName().contains(".scenario.") && at.getClassName().endsWith("Scenarios")) {
        return e.getMessage() + " at " + at.getFileName() + ":" + at.getLineNumber();
      }
    }
    return String.valueOf(e);
  }

  private static void reset(Implementation implementation)
      throws IOException, InterruptedException {
    implementation.send(JsonLine.of("do", "reset"));
    implementation.await("reset", "");
  }

  private Implementation client() throws IOException, InterruptedException {
    Implementation started = client;
    if (started == null) {
      started = Implementation.start(clientCommand, log);
      client = started;
    }
    return started;
  }

  private Implementation server() throws IOException, InterruptedException {
    Implementation started = server;
    if (started == null) {
      started = Implementation.start(serverCommand, log);
      server = started;
    }
    return started;
  }

  /** The servers to which streams move, as far as they take hand-overs. */
  private List<Implementation> next() throws IOException, InterruptedException {
    if (next.isEmpty()) {
      for (List<String> command : nextCommands) {
        next.add(Implementation.start(command, log));
      }
    }
    return next.stream().filter(each -> each.options().contains("cursor")).toList();
  }

  private void stop() throws InterruptedException {
    if (client != null) {
      client.close();
      client = null;
    }
    if (server != null) {
      server.close();
      server = null;
    }
    for (Implementation each : next) {
      each.close();
    }
    next.clear();
  }

  @Override
  public void close() throws InterruptedException {
    stop();
  }
}
