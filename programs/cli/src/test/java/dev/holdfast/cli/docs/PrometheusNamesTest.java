package dev.holdfast.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.core.DocumentedMeter;
import dev.holdfast.core.RegistryMeter.MeterType;
import dev.holdfast.gateway.admin.MetricsServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Counters and gauges of all modules as {@code --metrics} of gateway and control shows them. */
class PrometheusNamesTest {
  private static final Path PROMTOOL = Path.of("/usr/bin/promtool");

  @TempDir Path folder;

  @Test
  void eachMeterHasTheNameAndTypeOfTheDocument() throws Exception {
    String shown = exposition();
    for (DocumentedMeter meter : ofRegistries()) {
      String type = meter.meterType() == MeterType.COUNTER ? "counter" : "gauge";
      assertThat(shown).contains("# TYPE " + meter.prometheusName() + " " + type + "\n");
    }
  }

  @Test
  void promtoolHasNothingToSay() throws Exception {
    assumeTrue(Files.isExecutable(PROMTOOL));
    Path file = Files.writeString(folder.resolve("metrics"), exposition());
    Process promtool =
        new ProcessBuilder(PROMTOOL.toString(), "check", "metrics")
            .redirectInput(file.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(promtool.waitFor()).as(said).isZero();
  }

  /** Meters of calls are histograms, which are kept beside Micrometer. */
  private static List<DocumentedMeter> ofRegistries() {
    return GeneratedSection.allMeters().stream()
        .filter(meter -> meter.meterType() != MeterType.HISTOGRAM)
        .filter(meter -> !meter.meterName().startsWith("grpc."))
        .toList();
  }

  private static String exposition() throws Exception {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    for (DocumentedMeter meter : ofRegistries()) {
      String[] tags = meter.tags().toArray(String[]::new);
      if (meter.meterType() == MeterType.COUNTER) {
        meter.counter(meters, tags).increment();
      } else {
        meter.gauge(meters, () -> 1, tags);
      }
    }
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (MetricsServer server = MetricsServer.of(any, Optional::empty, meters)) {
      URI uri = URI.create("http://127.0.0.1:" + server.address().getPort() + "/metrics");
      return HttpClient.newHttpClient()
          .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }
}
