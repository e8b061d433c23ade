package dev.holdfast.cli.house;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The dependencies that modules declare in their poms, held against those that their classes use.
 *
 * @param compile for each artifact, the artifacts that its pom declares with the scope compile
 */
record DeclaredDependencies(Map<String, Set<String>> compile) {
  private static final Pattern ARTIFACT =
      Pattern.compile("</parent>\\s*<artifactId>([\\w-]+)</artifactId>");
  private static final Pattern DEPENDENCIES =
      Pattern.compile("<dependencies>(.*?)</dependencies>", Pattern.DOTALL);
  private static final Pattern DEPENDENCY =
      Pattern.compile("<dependency>(.*?)</dependency>", Pattern.DOTALL);
  private static final Pattern ARTIFACT_ID = Pattern.compile("<artifactId>([^<]*)</artifactId>");
  private static final Pattern SCOPE = Pattern.compile("<scope>([^<]*)</scope>");
  private static final Pattern JAR = Pattern.compile(".*/([\\w.-]+?)-\\d[^/]*\\.jar!/.*");

  /** The declarations of these poms. */
  static DeclaredDependencies of(List<SourceTree.File> poms) {
    Map<String, Set<String>> compile = new TreeMap<>();
    for (SourceTree.File pom : poms) {
      Matcher artifact = ARTIFACT.matcher(pom.text());
      Matcher dependencies = DEPENDENCIES.matcher(pom.text());
      if (artifact.find()) {
        compile.put(
            artifact.group(1),
            dependencies.find() ? compileScope(dependencies.group(1)) : Set.of());
      }
    }
    return new DeclaredDependencies(compile);
  }

  private static Set<String> compileScope(String dependencies) {
    Set<String> compile = new TreeSet<>();
    Matcher each = DEPENDENCY.matcher(dependencies);
    while (each.find()) {
      String text = each.group(1).replaceAll("(?s)<exclusions>.*?</exclusions>", "");
      Matcher scope = SCOPE.matcher(text);
      Matcher id = ARTIFACT_ID.matcher(text);
      if (id.find() && (!scope.find() || scope.group(1).equals("compile"))) {
        compile.add(id.group(1));
      }
    }
    return compile;
  }

  /**
   * The artifacts that each of our artifacts uses, by the places of the classes.
   *
   * @param artifacts our own by their folders
   */
  static Map<String, Set<String>> usedBy(JavaClasses classes, Map<String, String> artifacts) {
    Map<String, Set<String>> used = new HashMap<>();
    Map<JavaClass, Optional<String>> known = new HashMap<>();
    for (JavaClass type : classes) {
      artifactOf(type, artifacts)
          .ifPresent(
              own -> {
                Set<String> all = used.computeIfAbsent(own, key -> new HashSet<>());
                for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                  known
                      .computeIfAbsent(
                          dependency.getTargetClass().getBaseComponentType(),
                          target -> artifactOf(target, artifacts))
                      .ifPresent(all::add);
                }
              });
    }
    return used;
  }

  /** Declared with the scope compile and used by no class: the scope is wrong, or the line. */
  List<String> unused(Map<String, Set<String>> used) {
    List<String> found = new ArrayList<>();
    compile.forEach(
        (artifact, declared) -> {
          Set<String> mine = used.getOrDefault(artifact, declared);
          declared.stream()
              .filter(each -> !mine.contains(each))
              .forEach(each -> found.add(artifact + ": " + each));
        });
    return found;
  }

  /** Used by classes of an artifact and not declared by it, so that another one decides on it. */
  List<String> undeclared(Map<String, Set<String>> used, Set<String> common) {
    List<String> found = new ArrayList<>();
    compile.forEach(
        (artifact, declared) ->
            used.getOrDefault(artifact, Set.of()).stream()
                .filter(each -> !each.equals(artifact) && !common.contains(each))
                .filter(each -> !declared.contains(each))
                .sorted()
                .forEach(each -> found.add(artifact + ": " + each)));
    return found;
  }

  /**
   * The artifact of a class: the name of its jar without the version, or the artifact of the folder
   * whose target it is in. Empty for classes of the JDK.
   */
  private static Optional<String> artifactOf(JavaClass type, Map<String, String> artifacts) {
    String place = type.getSource().map(source -> source.getUri().toString()).orElse("");
    Matcher jar = JAR.matcher(place);
    if (jar.matches()) {
      return Optional.of(jar.group(1));
    }
    return artifacts.entrySet().stream()
        .filter(artifact -> place.contains("/" + artifact.getKey() + "/target/"))
        .map(Map.Entry::getValue)
        .findFirst();
  }
}
