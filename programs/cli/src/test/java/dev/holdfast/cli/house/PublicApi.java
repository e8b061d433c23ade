package dev.holdfast.cli.house;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The public API of the rooms that other programs embed: their public types outside of packages
 * named {@code internal}.
 *
 * @param types each type by its name, with its source
 */
record PublicApi(Map<String, SourceTree.File> types) {
  private static final String SOURCES = "/src/main/java/";
  private static final Pattern LIBRARY =
      Pattern.compile("(libraries|registries|stores|programs/control)/.*");
  private static final String GATEWAY = "programs/gateway/";
  private static final Pattern NAME = Pattern.compile("\\bdev\\.holdfast(?:\\.\\w+)+");
  private static final Pattern PACKAGE = Pattern.compile("^package ([\\w.]+);", Pattern.MULTILINE);
  private static final Pattern DOC_TAG = Pattern.compile("\\{@(?:code|link|linkplain)\\s([^}]*)}");
  private static final Pattern END_OF_SENTENCE = Pattern.compile("\\.(?=\\s|$)");

  /** The API of the rooms in these folders. */
  static PublicApi of(List<SourceTree.File> tree, Predicate<String> folders) {
    Map<String, SourceTree.File> types = new TreeMap<>();
    for (SourceTree.File file : tree) {
      if (!file.isMainJava() || !folders.test(file.path())) {
        continue;
      }
      String name = nameOf(file);
      if (!name.contains(".internal.") && declaration(file).find()) {
        types.put(name, file);
      }
    }
    return new PublicApi(types);
  }

  /**
   * The API of the libraries, which docs/api.md lists, with the types of the gateway that their
   * signatures have: applications embed it by inprocess alone.
   */
  static PublicApi ofLibraries(List<SourceTree.File> tree, JavaClasses classes) {
    Map<String, SourceTree.File> types = of(tree, LIBRARY.asMatchPredicate()).types;
    Set<String> reached = reachedFrom(types.keySet(), classes);
    of(tree, path -> path.startsWith(GATEWAY))
        .types
        .forEach(
            (name, file) -> {
              if (reached.contains(name)) {
                types.put(name, file);
              }
            });
    return new PublicApi(types);
  }

  /**
   * A table for each artifact: its types with the first sentences of their doc comments. Types that
   * are no part of the API stand below it, by their names.
   *
   * @param inside types that are public for other packages of their artifact and for simulations
   */
  String text(Set<String> inside) {
    Map<String, StringBuilder> artifacts = new TreeMap<>();
    Map<String, Set<String>> within = new TreeMap<>();
    types.forEach(
        (name, file) -> {
          Room room = roomOf(name);
          StringBuilder table =
              artifacts.computeIfAbsent(
                  room.name(),
                  key ->
                      new StringBuilder(
                          "## holdfast-" + key + "\n\n| type | definition |\n|---|---|\n"));
          if (inside.contains(name)) {
            within.computeIfAbsent(room.name(), key -> new TreeSet<>()).add(within(room, name));
          } else {
            table.append("| `%s` | %s |\n".formatted(within(room, name), firstSentence(file)));
          }
        });
    within.forEach(
        (room, names) ->
            artifacts
                .get(room)
                .append("\nNo part of the API: `")
                .append(String.join("`, `", names))
                .append("`.\n"));
    return String.join("\n", artifacts.values());
  }

  /**
   * Types that are public for other packages of their artifact and for the simulations of it: no
   * other room uses them, and no signature for users has them.
   */
  Set<String> insideOfArtifacts(
      List<SourceTree.File> tree, JavaClasses classes, Set<String> providers) {
    List<SourceTree.File> users =
        tree.stream().filter(file -> !file.path().startsWith("testing/simulation/")).toList();
    return unused(users, classes, providers);
  }

  /** The classes that files for the JDK's ServiceLoader name. */
  static Set<String> providers() throws IOException {
    Set<String> providers = new TreeSet<>();
    for (Path file : SourceTree.paths(SourceTree.root())) {
      if (file.toString().contains("/src/main/resources/META-INF/services/")) {
        providers.addAll(Files.readAllLines(file));
      }
    }
    return providers;
  }

  /**
   * Types that no other room uses, that are in no signature of a type that another room uses, and
   * that no service file of the JDK's ServiceLoader names.
   */
  Set<String> unused(List<SourceTree.File> tree, JavaClasses classes, Set<String> providers) {
    Set<String> used = new HashSet<>(usedByOtherRooms(tree));
    used.addAll(providers);
    Set<String> unused = new TreeSet<>(types.keySet());
    unused.removeAll(reachedFrom(used, classes));
    return unused;
  }

  /** These types, and those that their signatures have. */
  private static Set<String> reachedFrom(Set<String> names, JavaClasses classes) {
    Deque<String> open = new ArrayDeque<>(names);
    Set<String> reached = new HashSet<>();
    while (!open.isEmpty()) {
      String name = open.remove();
      if (reached.add(name) && classes.contain(name)) {
        open.addAll(inSignaturesOf(classes.get(name)));
      }
    }
    return reached;
  }

  /** Members for users whose signature has a type of a package named {@code internal}. */
  Set<String> internalInSignatures(JavaClasses classes) {
    Set<String> found = new TreeSet<>();
    for (JavaClass type : classes) {
      if (!types.containsKey(type.getName().replaceFirst("\\$.*", ""))
          || !type.getModifiers().contains(JavaModifier.PUBLIC)) {
        continue;
      }
      for (JavaMember member : type.getMembers()) {
        for (JavaClass each : isForUsers(member) ? typesOf(member) : Set.<JavaClass>of()) {
          if (each.getName().contains(".internal.") && each.getName().startsWith("dev.holdfast.")) {
            found.add(type.getName() + "." + member.getName() + ": " + each.getName());
          }
        }
      }
    }
    return found;
  }

  private static boolean isForUsers(JavaMember member) {
    Set<JavaModifier> modifiers = member.getModifiers();
    return !modifiers.contains(JavaModifier.SYNTHETIC)
        && (modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED));
  }

  private Set<String> usedByOtherRooms(List<SourceTree.File> tree) {
    Map<String, Set<String>> byPackage =
        types.keySet().stream()
            .collect(Collectors.groupingBy(PublicApi::packageOf, Collectors.toSet()));
    Set<String> used = new HashSet<>();
    for (SourceTree.File file : tree) {
      if (!file.isJava()) {
        continue;
      }
      Matcher names = NAME.matcher(file.text());
      while (names.find()) {
        enclosingType(names.group())
            .filter(name -> !moduleOf(types.get(name)).equals(moduleOf(file)))
            .ifPresent(used::add);
      }
      // A simulation stands in the package of what it simulates.
      Matcher own = PACKAGE.matcher(file.text());
      for (String name : byPackage.getOrDefault(own.find() ? own.group(1) : "", Set.of())) {
        boolean other = !moduleOf(types.get(name)).equals(moduleOf(file));
        if (other && file.text().matches("(?s).*\\b" + simpleName(name) + "\\b.*")) {
          used.add(name);
        }
      }
    }
    return used;
  }

  private Optional<String> enclosingType(String name) {
    String type = name;
    while (!types.containsKey(type) && type.contains(".")) {
      type = packageOf(type);
    }
    return types.containsKey(type) ? Optional.of(type) : Optional.empty();
  }

  private static Set<String> inSignaturesOf(JavaClass type) {
    Set<JavaClass> seen = new HashSet<>(type.getAllRawInterfaces());
    seen.addAll(type.getAllRawSuperclasses());
    for (JavaMember member : type.getMembers()) {
      if (isForUsers(member)) {
        seen.addAll(typesOf(member));
      }
    }
    return seen.stream()
        .map(JavaClass::getName)
        .flatMap(name -> List.of(name, name.replaceFirst("\\$.*", "")).stream())
        .filter(name -> name.startsWith("dev.holdfast."))
        .collect(Collectors.toSet());
  }

  private static Set<JavaClass> typesOf(JavaMember member) {
    if (member instanceof JavaField field) {
      return field.getType().getAllInvolvedRawTypes();
    }
    JavaCodeUnit method = (JavaCodeUnit) member;
    Set<JavaClass> types = new HashSet<>(method.getReturnType().getAllInvolvedRawTypes());
    method.getParameterTypes().forEach(type -> types.addAll(type.getAllInvolvedRawTypes()));
    types.addAll(method.getExceptionTypes());
    return types;
  }

  private static Room roomOf(String name) {
    return Room.HOUSE.stream()
        .filter(room -> name.startsWith(room.packageName() + "."))
        .max((a, b) -> Integer.compare(a.packageName().length(), b.packageName().length()))
        .orElseThrow(() -> new IllegalStateException(name + " (expected: in a room)"));
  }

  private static String within(Room room, String name) {
    return name.substring(room.packageName().length() + 1);
  }

  private static String nameOf(SourceTree.File file) {
    String path = file.path();
    return path.substring(
            path.indexOf(SOURCES) + SOURCES.length(), path.length() - ".java".length())
        .replace('/', '.');
  }

  private static String packageOf(String name) {
    return name.substring(0, name.lastIndexOf('.'));
  }

  private static String simpleName(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private static String moduleOf(SourceTree.File file) {
    int sources = file.path().indexOf("/src/");
    return sources < 0 ? "" : file.path().substring(0, sources);
  }

  private static Matcher declaration(SourceTree.File file) {
    return Pattern.compile(
            "^public (?:final |abstract |sealed |non-sealed )*"
                + "(?:class|interface|record|enum|@interface) "
                + simpleName(nameOf(file))
                + "\\b",
            Pattern.MULTILINE)
        .matcher(file.text());
  }

  /** The first sentence of a type's doc comment, as Markdown for a table's cell. */
  static String firstSentence(SourceTree.File file) {
    Matcher declaration = declaration(file);
    int end = declaration.find() ? declaration.start() : 0;
    int close = file.text().lastIndexOf("*/", end);
    int open = file.text().lastIndexOf("/**", close);
    if (open < 0) {
      return "";
    }
    String paragraph =
        file.text()
            .substring(open + "/**".length(), close)
            .replaceAll("(?m)^\\s*\\*", "")
            .strip()
            .split("(?m)^\\s*(?:<p>|@\\w|$)", 2)[0]
            .replaceAll("\\s+", " ")
            .strip();
    String plain =
        DOC_TAG
            .matcher(paragraph)
            .replaceAll(tag -> Matcher.quoteReplacement("`" + label(tag.group(1)) + "`"));
    Matcher sentence = END_OF_SENTENCE.matcher(plain);
    String first = sentence.find() ? plain.substring(0, sentence.start()) : plain;
    return first.replace("|", "\\|");
  }

  private static String label(String reference) {
    return reference.strip().replaceFirst("^#", "").replace('#', '.');
  }
}
