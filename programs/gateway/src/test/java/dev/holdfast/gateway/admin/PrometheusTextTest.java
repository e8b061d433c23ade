package dev.holdfast.gateway.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.core.RegistryMeter;
import dev.holdfast.gateway.limits.GatewayMeter;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrometheusTextTest {
  private static final Path PROMTOOL = Path.of("/usr/bin/promtool");

  @TempDir Path folder;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  @BeforeEach
  void bind() {
    new JvmMemoryMetrics().bindTo(meters);
    new JvmThreadMetrics().bindTo(meters);
    new ProcessorMetrics().bindTo(meters);
    for (GatewayMeter meter : GatewayMeter.values()) {
      if (meter.meterType() == RegistryMeter.MeterType.COUNTER
          && !meter.meterName().startsWith("grpc.")) {
        meter.counter(meters, meter.tags().toArray(String[]::new)).increment();
      }
    }
  }

  @Test
  void namesAreThoseOfTheDocument() {
    String text = PrometheusText.of(meters, Map.of());
    for (GatewayMeter meter : GatewayMeter.values()) {
      if (meter.meterType() == RegistryMeter.MeterType.COUNTER
          && !meter.meterName().startsWith("grpc.")) {
        assertThat(text).contains("# TYPE " + meter.prometheusName() + " counter\n");
      }
    }
    assertThat(text)
        .contains("# TYPE process_cpu_time_seconds_total counter\n", "# TYPE system_cpus gauge\n");
  }

  @Test
  void promtoolHasNothingToSay() throws Exception {
    assumeTrue(Files.isExecutable(PROMTOOL));
    Path file = Files.writeString(folder.resolve("metrics"), PrometheusText.of(meters, Map.of()));
    Process promtool =
        new ProcessBuilder(PROMTOOL.toString(), "check", "metrics")
            .redirectInput(file.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(promtool.waitFor()).as(said).isZero();
  }
}
