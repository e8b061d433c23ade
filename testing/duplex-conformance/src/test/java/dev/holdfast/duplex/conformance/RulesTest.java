package dev.holdfast.duplex.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.duplex.conformance.scenario.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The rules of docs/duplex-v1.md and the scenarios that show them. */
class RulesTest {
  private static final Path ROOT = Path.of(System.getProperty("holdfast.root", "../.."));
  private static final Pattern RULE = Pattern.compile("- \\*\\*([MH]\\d+)\\*\\* .*");

  private final List<String> rules = rules();

  RulesTest() throws IOException {}

  @Test
  void rulesAreNumberedWithoutAGap() {
    List<String> expected = new ArrayList<>();
    for (String letter : List.of("M", "H")) {
      long count = rules.stream().filter(rule -> rule.startsWith(letter)).count();
      for (int i = 1; i <= count; i++) {
        expected.add(letter + i);
      }
    }
    assertThat(rules).isNotEmpty().isEqualTo(expected);
  }

  @Test
  void everyRuleHasAScenarioAndEveryScenarioARule() {
    Set<String> shown = new TreeSet<>();
    for (Scenario each : Scenario.all()) {
      assertThat(each.rules()).as(each.name()).isNotEmpty();
      shown.addAll(each.rules());
    }
    assertThat(shown).containsExactlyInAnyOrderElementsOf(rules);
  }

  @Test
  void namesAreUniqueAndSayTheRole() {
    List<Scenario> all = Scenario.all();
    assertThat(all.stream().map(Scenario::name)).doesNotHaveDuplicates();
    for (Scenario each : all) {
      String role = each.role().name().toLowerCase(java.util.Locale.ROOT);
      assertThat(each.name()).matches("[a-z0-9-]+").startsWith(role + "-");
    }
  }

  @Test
  void thePageListsEveryScenario() throws IOException {
    String page = Files.readString(ROOT.resolve("docs/duplex-conformance.md"));
    for (Scenario each : Scenario.all()) {
      String row = "| " + each.name() + " | " + String.join(", ", each.rules()) + " |";
      assertThat(page).as("bench/run duplex-conformance --write-docs").contains(row);
    }
  }

  private static List<String> rules() throws IOException {
    List<String> ids = new ArrayList<>();
    for (String line : Files.readAllLines(ROOT.resolve("docs/duplex-v1.md"))) {
      Matcher rule = RULE.matcher(line);
      if (rule.matches()) {
        ids.add(rule.group(1));
      }
    }
    return ids;
  }
}
