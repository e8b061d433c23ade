package dev.holdfast.cli.house;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The modules that are published, as their poms say it, and the rules for them: those that programs
 * embed and what these need, each in the BOM, each with a module name and packages of its own.
 *
 * @param poms the poms of all modules by artifact
 * @param published the artifacts whose poms say so
 */
record PublishedModules(Map<String, SourceTree.File> poms, Set<String> published) {
  private static final String BOM = "holdfast-bom";
  private static final Pattern EMBEDDED =
      Pattern.compile("(libraries|registries|stores|integrations)/.*");
  private static final Pattern ARTIFACT =
      Pattern.compile("</parent>\\s*<artifactId>([\\w-]+)</artifactId>");
  private static final Pattern MODULE = Pattern.compile("<holdfast.module>([^<]*)</");
  private static final Pattern OWN = Pattern.compile("<artifactId>(holdfast-[\\w-]+)</artifactId>");
  private static final Pattern MANAGEMENT =
      Pattern.compile("<dependencyManagement>.*?</dependencyManagement>", Pattern.DOTALL);
  private static final String PUBLISHED = "<maven.deploy.skip>false</maven.deploy.skip>";
  private static final String SOURCES = "/src/main/java/";

  /** The modules of a source tree. */
  static PublishedModules of(List<SourceTree.File> tree) {
    Map<String, SourceTree.File> poms = new TreeMap<>();
    for (SourceTree.File file : tree) {
      Matcher artifact = ARTIFACT.matcher(file.text());
      if (file.path().endsWith("/pom.xml") && artifact.find()) {
        poms.put(artifact.group(1), file);
      }
    }
    Set<String> published =
        poms.keySet().stream()
            .filter(artifact -> poms.get(artifact).text().contains(PUBLISHED))
            .collect(Collectors.toCollection(TreeSet::new));
    return new PublishedModules(poms, published);
  }

  /** The published artifacts that have a jar. */
  Set<String> withJar() {
    Set<String> jars = new TreeSet<>(published);
    jars.remove(BOM);
    return jars;
  }

  /** Those that programs embed, or that a published one needs, and whose poms don't say so. */
  List<String> unpublished() {
    DeclaredDependencies declared = DeclaredDependencies.of(List.copyOf(poms.values()));
    Set<String> needed = new TreeSet<>();
    for (String artifact : poms.keySet()) {
      if (EMBEDDED.matcher(poms.get(artifact).path()).matches()) {
        needed.add(artifact);
      }
      if (withJar().contains(artifact)) {
        needed.addAll(declared.compile().getOrDefault(artifact, Set.of()));
      }
    }
    needed.retainAll(poms.keySet());
    needed.removeAll(published);
    return List.copyOf(needed);
  }

  /** The difference between the BOM and the published artifacts. */
  List<String> missingInBom() {
    SourceTree.File bom = poms.get(BOM);
    Matcher management = MANAGEMENT.matcher(bom == null ? "" : bom.text());
    Set<String> managed = new TreeSet<>();
    if (management.find()) {
      OWN.matcher(management.group()).results().forEach(found -> managed.add(found.group(1)));
    }
    return difference(managed, withJar(), "the BOM");
  }

  /** Module names that are not the package of the module. */
  List<String> wrongModuleNames() {
    List<String> wrong = new ArrayList<>();
    for (String artifact : withJar()) {
      String expected = "dev." + artifact.replaceFirst("^holdfast-", "holdfast.").replace('-', '.');
      Matcher name = MODULE.matcher(poms.get(artifact).text());
      String found = name.find() ? name.group(1) : "none";
      if (!found.equals(expected)) {
        wrong.add(artifact + ": <holdfast.module> " + found + " (expected: " + expected + ")");
      }
    }
    return wrong;
  }

  /** Packages that are in several published artifacts, which no module path accepts. */
  List<String> splitPackages(List<SourceTree.File> tree) {
    Map<String, String> artifacts = new HashMap<>();
    withJar()
        .forEach(
            artifact -> artifacts.put(poms.get(artifact).path().replace("/pom.xml", ""), artifact));
    Map<String, Set<String>> places = new TreeMap<>();
    for (SourceTree.File file : tree) {
      int sources = file.path().indexOf(SOURCES);
      String artifact = sources < 0 ? null : artifacts.get(file.path().substring(0, sources));
      if (artifact != null && file.isJava()) {
        int end = file.path().lastIndexOf('/');
        places
            .computeIfAbsent(
                file.path().substring(sources + SOURCES.length(), end), key -> new TreeSet<>())
            .add(artifact);
      }
    }
    places.values().removeIf(owners -> owners.size() == 1);
    return places.entrySet().stream().map(Object::toString).toList();
  }

  /** The difference between the class path lists that are checked in and the artifacts. */
  List<String> missingLists(Set<String> lists) {
    return difference(lists, withJar(), "integrations/bom/class-paths");
  }

  /** The published artifacts that a page does not name. */
  List<String> unnamed(String page) {
    return published.stream().filter(each -> !page.contains("`" + each + "`")).toList();
  }

  private static List<String> difference(Set<String> found, Set<String> expected, String place) {
    List<String> differences = new ArrayList<>();
    expected.stream()
        .filter(each -> !found.contains(each))
        .forEach(each -> differences.add(each + ": published, and not in " + place));
    found.stream()
        .filter(each -> !expected.contains(each))
        .forEach(each -> differences.add(each + ": in " + place + ", and not published"));
    return differences;
  }
}
