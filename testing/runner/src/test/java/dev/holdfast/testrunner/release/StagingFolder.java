package dev.holdfast.testrunner.release;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** A staging folder for tests: complete, until a test takes something away. */
final class StagingFolder {
  static final String VERSION = "0.1.0";

  private final Path root;

  StagingFolder(Path root) {
    this.root = root;
  }

  /** Stages a BOM of these artifacts and each of them, with its own module and package. */
  void stage(String... artifacts) throws IOException {
    StringBuilder managed = new StringBuilder();
    for (String artifact : artifacts) {
      managed
          .append("<dependency><groupId>dev.holdfast</groupId><artifactId>")
          .append(artifact)
          .append("</artifactId><version>${project.version}</version></dependency>");
      stageJars(artifact, "dev." + artifact.replace('-', '.'), artifact.replace('-', '/'));
      write(artifact, ".pom", pom(artifact, "jar", ""));
    }
    String management =
        "<dependencyManagement><dependencies>" + managed + "</dependencies></dependencyManagement>";
    write("holdfast-bom", ".pom", pom("holdfast-bom", "pom", management));
  }

  /** Stages the jars of an artifact with a module name and a class in a package. */
  void stageJars(String artifact, String module, String packageFolder) throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().putValue("Automatic-Module-Name", module);
    jar(artifact, ".jar", manifest, packageFolder + "/A.class");
    jar(artifact, "-sources.jar", new Manifest(), packageFolder + "/A.java");
    jar(artifact, "-javadoc.jar", new Manifest(), "index.html");
    write(artifact, "-cyclonedx.json", "{}");
    write(artifact, "-cyclonedx.xml", "<bom/>");
  }

  void jar(String artifact, String ending, Manifest manifest, String entry) throws IOException {
    Path file = file(artifact, ending);
    Files.createDirectories(file.getParent());
    try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(file), manifest)) {
      jar.putNextEntry(new JarEntry(entry));
      jar.closeEntry();
    }
    complete(file);
  }

  void write(String artifact, String ending, String text) throws IOException {
    Path file = file(artifact, ending);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    complete(file);
  }

  Path file(String artifact, String ending) {
    return root.resolve("dev/holdfast")
        .resolve(artifact)
        .resolve(VERSION)
        .resolve(artifact + "-" + VERSION + ending);
  }

  private static void complete(Path file) throws IOException {
    Files.writeString(Path.of(file + ".asc"), "-----BEGIN PGP SIGNATURE-----\n");
    for (String algorithm : List.of("MD5", "SHA-1")) {
      String ending = algorithm.replace("-", "").toLowerCase(Locale.ROOT);
      Files.writeString(Path.of(file + "." + ending), digest(algorithm, Files.readAllBytes(file)));
    }
  }

  private static String digest(String algorithm, byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static String pom(String artifact, String packaging, String rest) {
    return """
    <project>
      <modelVersion>4.0.0</modelVersion>
      <groupId>dev.holdfast</groupId>
      <artifactId>%s</artifactId>
      <version>%s</version>
      <packaging>%s</packaging>
      <name>A</name>
      <description>B</description>
      <url>https://example.com</url>
      <licenses><license><name>C</name><url>https://example.com</url></license></licenses>
      <developers><developer><name>D</name></developer></developers>
      <scm>
        <connection>E</connection><developerConnection>F</developerConnection><url>G</url>
      </scm>
      %s
    </project>
    """
        .formatted(artifact, VERSION, packaging, rest);
  }
}
