package dev.holdfast.micronaut;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micronaut.context.ApplicationContext;
import io.micronaut.context.env.yaml.YamlPropertySourceLoader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that applications with the settings of docs/micronaut.md find each other. */
class DocumentedSettingsTest {
  private static final Pattern YAML = Pattern.compile("(?s)```yaml\n(.*?)```");
  private static final String REGISTRY = "etcd://e1,e2,e3:2379/prod";

  @TempDir Path folder;

  @Test
  void clientAndServerOfThePageMeet() throws Exception {
    String page =
        Files.readString(Path.of(System.getProperty("holdfast.root", "."), "docs/micronaut.md"));
    assertThat(page).contains(REGISTRY);
    List<Map<String, Object>> blocks =
        YAML.matcher(page.replace(REGISTRY, "file://" + folder.resolve("prod")))
            .results()
            .map(block -> settings(block.group(1)))
            .toList();
    assertThat(blocks).hasSize(3);
    Map<String, Object> server = new HashMap<>(blocks.get(1));
    server.put("grpc.server.port", 0);
    server.put("grpc.server.spread", "100ms");

    try (ApplicationContext one = Applications.server(server);
        ApplicationContext client = Applications.context(blocks.get(0))) {
      await()
          .atMost(Applications.LIMIT)
          .ignoreExceptions()
          .until(() -> Applications.names(Applications.orders(client), 1).equals(Set.of("server")));
    }
    Map<String, Object> wholeApplication = new HashMap<>(blocks.get(2));
    wholeApplication.put("grpc.server.register", "holdfast:///orders");
    wholeApplication.put("grpc.server.spread", "100ms");
    Applications.server(wholeApplication).close();
  }

  private static Map<String, Object> settings(String yaml) {
    try {
      return new YamlPropertySourceLoader()
          .read("page", new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
