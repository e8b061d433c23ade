package dev.holdfast.cli.house;

import dev.holdfast.cli.house.SourceTree.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The links of documents to each other: the file must be there, and in it the heading. */
final class DocumentLinks {
  private static final Pattern LINK = Pattern.compile("\\[[^\\]\\n]*\\]\\(([^)\\s]+)\\)");
  private static final Pattern HEADING = Pattern.compile("(?m)^#+ +(.+?) *$");
  private static final Pattern CODE = Pattern.compile("(?ms)^```.*?^```|`[^`\\n]*`");

  private DocumentLinks() {}

  static List<String> broken(List<File> files) {
    Map<String, File> documents =
        files.stream()
            .filter(file -> file.path().endsWith(".md"))
            .collect(Collectors.toMap(File::path, Function.identity()));
    List<String> found = new ArrayList<>();
    for (File document : documents.values()) {
      Matcher link = LINK.matcher(CODE.matcher(document.text()).replaceAll("code"));
      while (link.find()) {
        if (!leads(document, link.group(1), documents)) {
          found.add(document.path() + ": " + link.group(1));
        }
      }
    }
    return found;
  }

  private static boolean leads(File from, String link, Map<String, File> documents) {
    if (link.matches("[a-z]+:.*")) {
      return true;
    }
    int mark = link.indexOf('#');
    String file = mark < 0 ? link : link.substring(0, mark);
    Path path = Path.of(from.path());
    Path target = file.isEmpty() ? path : path.resolveSibling(file).normalize();
    if (mark < 0) {
      return Files.exists(SourceTree.root().resolve(target));
    }
    File document = documents.get(target.toString());
    return document != null && anchors(document).contains(link.substring(mark + 1));
  }

  /** As GitHub makes them of headings: small letters, no punctuation, hyphens for blanks. */
  private static Set<String> anchors(File document) {
    return HEADING
        .matcher(document.text())
        .results()
        .map(heading -> heading.group(1).toLowerCase(Locale.ROOT))
        .map(heading -> heading.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
        .collect(Collectors.toSet());
  }
}
