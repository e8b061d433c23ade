package dev.holdfast.cli.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Tests that docs/glossary.md defines each term once, with a source, by types that exist. */
class GlossaryTest {
  private static final Pattern TYPE = Pattern.compile("`([A-Z]\\w*[a-z]\\w*)(?:[.#]\\w+)*`");
  private static final Pattern DECLARED =
      Pattern.compile("\\b(?:class|interface|record|enum) ([A-Z]\\w*)");
  private static final int COLUMNS = 3;

  /** Types of grpc-java, Netty and the JDK that definitions compare ours with. */
  private static final String FOREIGN = "grpc-java|Netty|JDK|Java|client-go|Envoy|Guava|Jepsen";

  private record Term(String name, String definition, String source) {}

  @Test
  void eachTermIsDefinedOnce() throws IOException {
    Set<String> seen = new HashSet<>();
    assertThat(terms())
        .extracting(term -> key(term.name))
        .allSatisfy(key -> assertThat(seen.add(key)).as(key).isTrue());
  }

  @Test
  void eachTermHasADefinitionAndASource() throws IOException {
    assertThat(terms())
        .hasSizeGreaterThan(1)
        .allSatisfy(
            term -> {
              assertThat(term.definition).as(term.name).endsWith(".").matches("[A-Z`].{10,}");
              assertThat(term.source).as(term.name).isNotBlank();
            });
  }

  @Test
  void eachTypeInADefinitionExists() throws IOException {
    Set<String> declared = new HashSet<>();
    for (SourceTree.File file : SourceTree.read()) {
      Matcher types = DECLARED.matcher(file.isJava() ? file.text() : "");
      while (types.find()) {
        declared.add(types.group(1));
      }
    }
    List<String> unknown = new ArrayList<>();
    for (Term term : terms()) {
      Matcher types = TYPE.matcher(term.name + " " + term.definition);
      while (types.find()) {
        if (!declared.contains(types.group(1)) && !term.source.matches(".*(" + FOREIGN + ").*")) {
          unknown.add(term.name + ": " + types.group(1));
        }
      }
    }
    assertThat(unknown).isEmpty();
  }

  private static String key(String name) {
    return name.replaceFirst(" *\\(.*", "").replace("`", "").toLowerCase(Locale.ROOT);
  }

  private static List<Term> terms() throws IOException {
    List<Term> terms = new ArrayList<>();
    for (String line : Files.readAllLines(SourceTree.root().resolve("docs/glossary.md"))) {
      String[] cells = line.split(" \\| ", -1);
      boolean row = line.startsWith("| ") && !line.startsWith("| term |");
      if (row) {
        assertThat(cells).as(line).hasSize(COLUMNS);
        terms.add(
            new Term(
                cells[0].substring(2).strip(),
                cells[1].strip(),
                cells[2].replaceFirst(" *\\|$", "").strip()));
      }
    }
    return terms;
  }
}
