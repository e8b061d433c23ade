package dev.holdfast.testrunner.release;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.w3c.dom.Element;

/**
 * The pom of a staged artifact, held against the requirements of Maven Central: who wrote it, its
 * license and its sources are stated, and every dependency is a release that can be found.
 */
final class StagedPom {
  /** The elements without which Central refuses a pom. */
  static final List<String> REQUIRED =
      List.of(
          "modelVersion",
          "groupId",
          "artifactId",
          "version",
          "name",
          "description",
          "url",
          "licenses/license/name",
          "licenses/license/url",
          "developers/developer/name",
          "scm/connection",
          "scm/developerConnection",
          "scm/url");

  private static final String SNAPSHOT = "-SNAPSHOT";

  private final String group;
  private final String artifact;
  private final String version;
  private final PomDocument pom;

  StagedPom(String group, String artifact, String version, PomDocument pom) {
    this.group = group;
    this.artifact = artifact;
    this.version = version;
    this.pom = pom;
  }

  /** Whether the artifact has a jar: all packagings but pom. */
  boolean hasJar() {
    return !pom.text("packaging").orElse("jar").equals("pom");
  }

  /** The artifacts of our own group that this pom manages, with {@code :tests} for a test-jar. */
  Set<String> managed() {
    Set<String> managed = new TreeSet<>();
    for (Element each : pom.elements("dependencyManagement/dependencies/dependency")) {
      if (PomDocument.child(each, "groupId").equals(Optional.of(group))) {
        String type = PomDocument.child(each, "type").orElse("jar");
        managed.add(
            PomDocument.child(each, "artifactId").orElse("?")
                + (type.equals("test-jar") ? ":tests" : ""));
      }
    }
    return managed;
  }

  /**
   * What Central would refuse, or a program could not resolve, one line each.
   *
   * @param staged the artifacts of our own group that are staged
   */
  List<String> faults(Set<String> staged) {
    List<String> faults = new ArrayList<>();
    for (String element : REQUIRED) {
      if (pom.text(element).isEmpty()) {
        faults.add("pom: no " + element + " (expected: one)");
      }
    }
    expect(faults, "groupId", group);
    expect(faults, "artifactId", artifact);
    expect(faults, "version", version);
    for (Element parent : pom.elements("parent")) {
      checkDependency(faults, "parent", parent, staged);
    }
    for (Element each : pom.elements("dependencies/dependency")) {
      checkDependency(faults, "dependency", each, staged);
    }
    for (Element each : pom.elements("dependencyManagement/dependencies/dependency")) {
      checkDependency(faults, "managed dependency", each, staged);
      String groupId = PomDocument.child(each, "groupId").orElse("?");
      if (!groupId.equals(group)) {
        faults.add("pom: manages " + groupId + " (expected: nothing but " + group + ")");
      }
    }
    return faults;
  }

  private void expect(List<String> faults, String element, String value) {
    Optional<String> found = pom.text(element);
    if (found.isPresent() && !found.get().equals(value)) {
      faults.add("pom: " + element + " " + found.get() + " (expected: " + value + ")");
    }
  }

  private void checkDependency(
      List<String> faults, String kind, Element dependency, Set<String> staged) {
    String groupId = PomDocument.child(dependency, "groupId").orElse("?");
    String artifactId = PomDocument.child(dependency, "artifactId").orElse("?");
    String stated = PomDocument.child(dependency, "version").orElse("none");
    String found = stated.equals("${project.version}") ? version : stated;
    String place = "pom: " + kind + " " + groupId + ":" + artifactId + " ";
    if (found.equals("none") || found.contains("${") || found.endsWith(SNAPSHOT)) {
      faults.add(place + found + " (expected: the version of a release)");
    }
    boolean ours = groupId.equals(group);
    if (ours && !staged.contains(artifactId)) {
      faults.add(place + "is not staged (expected: published as well)");
    }
    if (ours && !found.equals(version)) {
      faults.add(place + found + " (expected: " + version + ")");
    }
  }
}
