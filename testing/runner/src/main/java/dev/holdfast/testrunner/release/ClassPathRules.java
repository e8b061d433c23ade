package dev.holdfast.testrunner.release;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * The rules for the class path of a program that embeds an artifact: the jars of its list and no
 * other, and one version of each family of artifacts that are released together.
 */
final class ClassPathRules {
  /** Each family by its name. tcnative has versions of its own. */
  private static final Map<String, Predicate<String>> FAMILIES =
      new TreeMap<>(
          Map.of(
              "grpc-java", Pattern.compile("grpc-.*").asMatchPredicate(),
              "Netty", Pattern.compile("netty-(?!tcnative|incubator).*").asMatchPredicate(),
              "protobuf", Pattern.compile("protobuf-java(-util)?").asMatchPredicate(),
              "Micrometer", Pattern.compile("micrometer-.*").asMatchPredicate()));

  private ClassPathRules() {}

  /** The differences between a class path and its list, one line each. */
  static List<String> differences(List<ClassPathJar> classPath, Set<String> list) {
    Set<String> names = names(classPath);
    List<String> found = new ArrayList<>();
    for (String name : names) {
      if (!list.contains(name)) {
        found.add(name + " (expected: not on the class path, or in the list)");
      }
    }
    for (String name : list) {
      if (!names.contains(name)) {
        found.add(name + " is in the list only (expected: on the class path)");
      }
    }
    return found;
  }

  /** The families of which a class path has several versions, one line each. */
  static List<String> mixtures(List<ClassPathJar> classPath) {
    List<String> found = new ArrayList<>();
    FAMILIES.forEach(
        (family, contains) -> {
          Map<String, Set<String>> artifacts = new TreeMap<>();
          for (ClassPathJar jar : classPath) {
            if (contains.test(jar.name())) {
              artifacts.computeIfAbsent(jar.version(), key -> new TreeSet<>()).add(jar.name());
            }
          }
          if (artifacts.size() > 1) {
            found.add(family + ": " + artifacts + " (expected: one version)");
          }
        });
    return found;
  }

  /** The names of the jars, sorted. */
  static Set<String> names(List<ClassPathJar> classPath) {
    return classPath.stream().map(ClassPathJar::name).collect(TreeSet::new, Set::add, Set::addAll);
  }
}
