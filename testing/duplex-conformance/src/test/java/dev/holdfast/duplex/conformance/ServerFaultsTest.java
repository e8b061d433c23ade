package dev.holdfast.duplex.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.duplex.conformance.implementation.Implementation;
import dev.holdfast.duplex.conformance.implementation.JsonLine;
import dev.holdfast.duplex.conformance.reference.ReferenceAdapter;
import dev.holdfast.duplex.conformance.reference.ServerFault;
import dev.holdfast.duplex.conformance.scenario.Scenario;
import dev.holdfast.duplex.conformance.scenario.Stage;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The scenarios of servers against the reference server, which keeps to the document, and against
 * one that makes a single mistake: a scenario of the broken rule fails then.
 */
// Each waits most of its time for what does not come.
@Execution(ExecutionMode.CONCURRENT)
class ServerFaultsTest {
  private static final String EVERYDAY_RULE = "M1";

  /** A JVM that loads its classes answers late: what is played first does not count. */
  @BeforeAll
  static void warmUp() throws Exception {
    var unused = failures(Set.of(), EVERYDAY_RULE);
  }

  @Test
  void theReferencePassesAll() throws Exception {
    assertThat(failures(Set.of(), "")).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void aMistakeIsCaughtByAScenarioOfItsRule(ServerFault fault) throws Exception {
    assertThat(failures(Set.of(fault), fault.rule())).as("%s", fault).isNotEmpty();
  }

  /** Plays the scenarios of a rule, or of all rules, and returns what failed. */
  private static List<String> failures(Set<ServerFault> faults, String rule) throws Exception {
    List<String> failures = new ArrayList<>();
    for (Scenario each : Scenario.all()) {
      boolean meant = rule.isEmpty() || (each.rules().contains(rule) && failures.isEmpty());
      if (each.role() == Scenario.Role.SERVER && meant) {
        try (Implementation server = start(faults);
            Stage stage = new Stage(server, server)) {
          each.script().run(stage);
          server.send(JsonLine.of("do", "reset"));
          server.await("reset", "");
        } catch (AssertionError | IllegalArgumentException e) {
          failures.add(each.name() + ": " + e.getMessage());
        }
      }
    }
    return failures;
  }

  private static Implementation start(Set<ServerFault> faults)
      throws IOException, InterruptedException {
    // Pipes of the kernel: those of java.io break when a thread ends that has written last.
    Pipe commands = Pipe.open();
    Pipe events = Pipe.open();
    Reader commandsIn = Channels.newReader(commands.source(), StandardCharsets.UTF_8);
    Writer eventsOut = Channels.newWriter(events.sink(), StandardCharsets.UTF_8);
    ReferenceAdapter adapter = new ReferenceAdapter(eventsOut, faults);
    Thread thread =
        new Thread(
            () -> {
              try (eventsOut;
                  commandsIn) {
                adapter.run(commandsIn);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            },
            "reference-adapter");
    thread.setDaemon(true);
    thread.start();
    return Implementation.connect(
        Channels.newReader(events.source(), StandardCharsets.UTF_8),
        Channels.newWriter(commands.sink(), StandardCharsets.UTF_8));
  }
}
