package dev.holdfast.cli.house;

import dev.holdfast.cli.docs.GeneratedSection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A part of a committed document that is written by code. It stands between {@code <!-- generated:
 * NAME -->} and {@code <!-- end: NAME -->}; the rest of the file is written by people.
 *
 * @param file the document, from the repository's root
 * @param name the part
 * @param text what must stand there
 */
record GeneratedDoc(String file, String name, Supplier<String> text) {
  /** Every generated part; a new one is added here. */
  static final List<GeneratedDoc> ALL =
      Stream.concat(
              Stream.of(
                  new GeneratedDoc("ARCHITECTURE.md", "rooms", GeneratedDoc::roomTable),
                  new GeneratedDoc("docs/limits.md", "limits", LimitTable::text),
                  new GeneratedDoc("docs/api.md", "api", GeneratedDoc::apiTables)),
              Arrays.stream(GeneratedSection.values())
                  .map(part -> new GeneratedDoc(part.file(), part.part(), part::text)))
          .toList();

  /** The document with this part replaced by what the code says now. */
  String applyTo(String document) {
    String begin = "<!-- generated: " + name + " -->\n";
    String end = "<!-- end: " + name + " -->";
    int from = document.indexOf(begin);
    int to = document.indexOf(end);
    if (from < 0 || to < from) {
      throw new IllegalArgumentException(
          "%s: no part %s (expected: lines %s and %s)".formatted(file, name, begin.strip(), end));
    }
    return document.substring(0, from + begin.length())
        + text.get().strip()
        + "\n"
        + document.substring(to);
  }

  @Override
  public String toString() {
    return file + "#" + name;
  }

  private static String apiTables() {
    try {
      List<SourceTree.File> tree = SourceTree.read();
      PublicApi api = PublicApi.ofLibraries(tree, HouseClasses.all());
      return api.text(api.insideOfArtifacts(tree, HouseClasses.all(), PublicApi.providers()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String roomTable() {
    // Named once above the table: a row with all of a room's packages would be wider than a page.
    List<String> common =
        Room.HOUSE.get(0).thirdParty().stream()
            .filter(prefix -> Room.HOUSE.stream().allMatch(r -> r.thirdParty().contains(prefix)))
            .toList();
    String rows =
        Room.HOUSE.stream()
            .map(
                room ->
                    "| %s | %s | %s |"
                        .formatted(
                            room.name(),
                            String.join(", ", room.rooms()),
                            packages(
                                room.thirdParty().stream()
                                    .filter(prefix -> !common.contains(prefix)))))
            .collect(Collectors.joining("\n"));
    return """
    Every room may use the JDK and %s.

    | room | may use the rooms | may also use the packages |
    |---|---|---|
    %s
    | %s | all | all |
    """
        .formatted(packages(common.stream()), rows, String.join(", ", Room.KNOW_ALL_ROOMS));
  }

  private static String packages(Stream<String> prefixes) {
    return prefixes.map(prefix -> "`" + prefix + "`").collect(Collectors.joining(", "));
  }
}
