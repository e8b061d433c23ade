package dev.holdfast.lab.kubernetes;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The label and field selectors of a request. */
final class Selector {
  private static final Pattern REQUIREMENT =
      Pattern.compile(
          "\\s*(?:(!)\\s*([^\\s=!,()]+)"
              + "|([^\\s=!,()]+)\\s+(in|notin)\\s*\\(([^)]*)\\)"
              + "|([^\\s=!,()]+)\\s*(==|=|!=)\\s*([^\\s=!,()]*)"
              + "|([^\\s=!,()]+))\\s*(?:,|$)");

  private final List<Predicate<StoredObject>> requirements;

  private Selector(List<Predicate<StoredObject>> requirements) {
    this.requirements = requirements;
  }

  /**
   * Parses both selectors; "" chooses everything.
   *
   * @throws ApiException as the real server refuses what it can't read
   */
  static Selector parse(String labels, String fields) throws ApiException {
    List<Predicate<StoredObject>> requirements = new ArrayList<>();
    if (!labels.isBlank()) {
      addLabels(labels, requirements);
    }
    if (!fields.isBlank()) {
      for (String field : fields.split(",", -1)) {
        requirements.add(field(field));
      }
    }
    return new Selector(requirements);
  }

  boolean everything() {
    return requirements.isEmpty();
  }

  boolean matches(StoredObject object) {
    return requirements.stream().allMatch(requirement -> requirement.test(object));
  }

  private static void addLabels(String text, List<Predicate<StoredObject>> into)
      throws ApiException {
    Matcher found = REQUIREMENT.matcher(text);
    int end = 0;
    while (end < text.length()) {
      if (!found.find(end) || found.start() != end) {
        throw ApiException.badRequest(
            "unable to parse requirement: found '" + text.substring(end) + "'");
      }
      into.add(label(found));
      end = found.end();
    }
  }

  private static Predicate<StoredObject> label(Matcher found) {
    if (found.group(1) != null) {
      String key = found.group(2);
      return object -> !object.labels().containsKey(key);
    }
    if (found.group(4) != null) {
      String key = found.group(3);
      Set<String> values = Set.copyOf(List.of(found.group(5).strip().split("\\s*,\\s*", -1)));
      boolean in = found.group(4).equals("in");
      return object -> in == contains(values, object.labels(), key);
    }
    if (found.group(7) != null) {
      String key = found.group(6);
      String value = found.group(8);
      boolean equal = !found.group(7).equals("!=");
      return object -> equal == value.equals(object.labels().get(key));
    }
    String key = found.group(9);
    return object -> object.labels().containsKey(key);
  }

  private static boolean contains(Set<String> values, Map<String, String> labels, String key) {
    String value = labels.get(key);
    return value != null && values.contains(value);
  }

  private static Predicate<StoredObject> field(String text) throws ApiException {
    Matcher found = Pattern.compile("([^=!]+)(==|=|!=)(.*)").matcher(text);
    if (!found.matches()) {
      throw ApiException.badRequest(
          "invalid selector: '" + text + "'; can't understand '" + text + "'");
    }
    String value = found.group(3);
    boolean equal = !found.group(2).equals("!=");
    return switch (found.group(1)) {
      case "metadata.name" -> object -> equal == object.key().name().equals(value);
      case "metadata.namespace" -> object -> equal == object.key().namespace().equals(value);
      default -> throw ApiException.badRequest("field label not supported: " + found.group(1));
    };
  }
}
