package dev.holdfast.stork;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.smallrye.stork.api.Service;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that a service with the settings of docs/quarkus.md has its instances. */
class DocumentedSettingsTest {
  private static final Pattern BLOCK = Pattern.compile("(?s)```properties\n(.*?)```");
  private static final String DISCOVERY = "quarkus.stork.orders.service-discovery.";

  @TempDir Path folder;

  @Test
  void theServiceOfThePageIsFound() throws Exception {
    String page =
        Files.readString(Path.of(System.getProperty("holdfast.root", "."), "docs/quarkus.md"));
    List<String> blocks = BLOCK.matcher(page).results().map(block -> block.group(1)).toList();
    assertThat(blocks).hasSize(1);
    Properties properties = new Properties();
    properties.load(new StringReader(blocks.get(0)));
    String registry = "file://" + folder.resolve("prod");
    Map<String, String> attributes = new HashMap<>();
    for (String key : properties.stringPropertyNames()) {
      if (key.startsWith(DISCOVERY)) {
        attributes.put(key.substring(DISCOVERY.length()), properties.getProperty(key));
      }
    }
    assertThat(attributes).containsEntry("type", HoldfastServiceDiscoveryLoader.TYPE);
    assertThat(attributes.put("registry", registry)).isEqualTo("etcd://e1,e2,e3:2379/prod");

    try (StorkApplication stork = new StorkApplication();
        AnnouncedInstances servers = new AnnouncedInstances(registry, "orders")) {
      servers.add(1001);
      Service orders =
          stork.define(
              "orders",
              attributes,
              properties.getProperty("quarkus.stork.orders.load-balancer.type"));
      await().untilAsserted(() -> assertThat(StorkApplication.selected(orders, 1)).contains(1001));
    }
  }
}
