package dev.holdfast.cli.house;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.cli.dashboards.Alert;
import dev.holdfast.cli.dashboards.Dashboard;
import dev.holdfast.cli.dashboards.Panel;
import dev.holdfast.cli.docs.GeneratedSection;
import dev.holdfast.core.DocumentedMeter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The dashboards show every meter, and the links of alerts lead somewhere. */
class DashboardsTest {
  /** Meters that no panel shows, with the reason. */
  private static final Map<String, String> NOT_SHOWN = Map.of();

  @Test
  void everyMeterIsShownOrListedWithAReason() {
    Set<String> shown = new HashSet<>(NOT_SHOWN.keySet());
    panels().forEach(panel -> shown.add(panel.meter().meterName()));
    assertThat(shown)
        .containsExactlyInAnyOrderElementsOf(
            GeneratedSection.allMeters().stream().map(DocumentedMeter::meterName).toList());
  }

  @Test
  void eachPanelAsksForItsMeterByItsNameInPrometheus() {
    panels()
        .forEach(
            panel ->
                assertThat(panel.queries())
                    .isNotEmpty()
                    .allMatch(
                        query -> query.expression().contains(panel.meter().prometheusName())));
  }

  @Test
  void titlesAreUniqueWithinADashboard() {
    for (Dashboard dashboard : Dashboard.values()) {
      assertThat(dashboard.panels()).extracting(Panel::title).doesNotHaveDuplicates();
    }
  }

  @Test
  void namesOfAlertsAreUnique() {
    assertThat(alerts()).extracting(Alert::name).doesNotHaveDuplicates();
  }

  @Test
  void eachAlertLinksToAHeadingThatExists() throws IOException {
    Map<String, String> dead = new TreeMap<>();
    for (Alert alert : alerts().toList()) {
      String[] page = alert.text().page().split("#", 2);
      Path file = SourceTree.root().resolve(page[0]);
      if (!Files.exists(file) || (page.length == 2 && !anchors(file).contains(page[1]))) {
        dead.put(alert.name(), alert.text().page());
      }
    }
    assertThat(dead).isEmpty();
  }

  private static List<String> anchors(Path file) throws IOException {
    return Files.readAllLines(file).stream()
        .filter(line -> line.startsWith("#"))
        .map(line -> line.replaceFirst("^#+ ", "").toLowerCase(Locale.ROOT))
        .map(heading -> heading.replaceAll("[^\\w\\- ]", "").replace(' ', '-'))
        .toList();
  }

  private static Stream<Panel> panels() {
    return Arrays.stream(Dashboard.values()).flatMap(dashboard -> dashboard.panels().stream());
  }

  private static Stream<Alert> alerts() {
    return Arrays.stream(Dashboard.values()).flatMap(dashboard -> dashboard.alerts().stream());
  }
}
