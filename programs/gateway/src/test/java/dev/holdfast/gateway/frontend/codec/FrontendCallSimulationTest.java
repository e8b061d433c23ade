package dev.holdfast.gateway.frontend.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.Schedules;
import dev.holdfast.gateway.frontend.codec.FrontendCallSimulation.Marker;
import dev.holdfast.gateway.loop.ForwardingLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Thousands of {@link Schedules} of events against translated requests: each response ends once,
 * nothing follows its end, and each byte of memory and window is given back.
 */
class FrontendCallSimulationTest {
  private static final int SCHEDULES = 20_000;
  private static final int SCHEDULES_PER_MUTANT = 2_000;
  private static final Path ROOT = Path.of(System.getProperty("holdfast.root", "../.."));

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final ForwardingLoop loop = EmbeddedForwardingLoop.of(channel);

  @BeforeEach
  void stopTime() {
    channel.freezeTime();
  }

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
  }

  @Test
  // Seconds of CPU, but minutes on a machine that does much else.
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void everyGuaranteeHoldsInEverySchedule() {
    Schedules.runAll(
        FrontendCallSimulationTest.class,
        "gateway",
        SCHEDULES,
        Marker.class,
        seed -> {
          FrontendCallSimulation simulation =
              new FrontendCallSimulation(seed, channel, loop, FrontendEffectFilter.ALL);
          simulation.run();
          return simulation.reached;
        });
  }

  @ParameterizedTest
  @EnumSource(names = "ALL", mode = EnumSource.Mode.EXCLUDE)
  void everyMutantIsCaught(FrontendEffectFilter mutant) {
    Schedules.assertCaught(
        mutant,
        SCHEDULES_PER_MUTANT,
        seed -> new FrontendCallSimulation(seed, channel, loop, mutant).run());
  }

  @ParameterizedTest
  @EnumSource
  void everyGuaranteeIsInTheDocument(FrontendGuarantee guarantee) throws IOException {
    assertThat(Files.readString(ROOT.resolve("docs/guarantees.md")))
        .contains("| " + guarantee + " |");
  }
}
