package dev.holdfast.testrunner;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/**
 * Surefire's configuration in the parent pom, with the properties that a module sets in its own.
 *
 * <p>People who call Maven and {@code ./verify} run tests with the same settings, because both read
 * them here. An element that this class does not know is refused, so that none gets lost.
 */
final class SurefirePom {
  private static final Set<String> KNOWN =
      Set.of(
          "forkedProcessTimeoutInSeconds",
          "trimStackTrace",
          "reportsDirectory",
          "failIfNoSpecifiedTests",
          "argLine",
          "systemPropertyVariables",
          "properties");

  private static final Pattern SPACES = Pattern.compile("\\s+");
  private static final Pattern ONE_EXPRESSION = Pattern.compile("\\$\\{[^}]+}");
  private static final Pattern ASSIGNMENT = Pattern.compile("\\s*=\\s*");

  private final Path root;
  private final Element parent;
  private final Element configuration;

  SurefirePom(Path root) throws IOException {
    this.root = root;
    this.parent = document(root.resolve("pom.xml"));
    this.configuration = configuration(parent);
    for (Element each : children(configuration)) {
      if (!KNOWN.contains(each.getTagName())) {
        throw new IllegalStateException(
            "pom.xml: surefire's %s (expected: one of %s)".formatted(each.getTagName(), KNOWN));
      }
    }
  }

  /**
   * The settings of a module. Synchronized, because the JDK's DOM is not safe even for threads that
   * only read it.
   *
   * @param properties properties that replace those of the poms, as {@code -D} does
   */
  synchronized SurefireSettings of(String folder, Map<String, String> properties)
      throws IOException {
    Element module = document(root.resolve(folder).resolve("pom.xml"));
    if (!plugins(module, "build", "plugins").isEmpty()
        || !plugins(module, "build", "pluginManagement", "plugins").isEmpty()) {
      throw new IllegalStateException(
          folder + "/pom.xml: surefire (expected: configured in the parent pom only)");
    }
    Map<String, String> values = new HashMap<>(properties(parent));
    values.putAll(properties(module));
    values.putAll(properties);
    Path directory = root.resolve(folder);
    values.put("maven.multiModuleProjectDirectory", root.toString());
    values.put("project.basedir", directory.toString());
    values.put("project.build.directory", directory + "/${holdfast.target}");
    Expressions expressions = new Expressions(values);
    Map<String, String> parameters = new LinkedHashMap<>();
    for (String line :
        text(only(only(configuration, "properties"), "configurationParameters")).lines().toList()) {
      String[] assignment = ASSIGNMENT.split(line.strip(), 2);
      if (assignment.length == 2) {
        parameters.put(assignment[0], expressions.resolve(assignment[1]));
      }
    }
    Map<String, String> systemProperties = new LinkedHashMap<>();
    for (Element each : children(only(configuration, "systemPropertyVariables"))) {
      systemProperties.put(each.getTagName(), expressions.resolve(text(each)));
    }
    return new SurefireSettings(
        jvmArgs(expressions),
        systemProperties,
        parameters,
        Duration.ofSeconds(
            Long.parseLong(text(only(configuration, "forkedProcessTimeoutInSeconds")))));
  }

  /** The words of {@code argLine}. A word that is one property may stand for several words. */
  private List<String> jvmArgs(Expressions expressions) {
    List<String> args = new ArrayList<>();
    for (String word : SPACES.split(text(only(configuration, "argLine")), -1)) {
      String resolved = expressions.resolve(word);
      if (ONE_EXPRESSION.matcher(word).matches()) {
        args.addAll(List.of(SPACES.split(resolved.strip(), -1)));
      } else {
        args.add(resolved);
      }
    }
    args.removeIf(String::isEmpty);
    return args;
  }

  private static Element configuration(Element parent) {
    List<Element> surefire = plugins(parent, "build", "pluginManagement", "plugins");
    if (surefire.size() != 1) {
      throw new IllegalStateException(
          "pom.xml: %d times surefire (expected: once, in pluginManagement)"
              .formatted(surefire.size()));
    }
    return only(surefire.get(0), "configuration");
  }

  /** The plugin surefire in the list at the end of the path. */
  private static List<Element> plugins(Element project, String... path) {
    List<Element> found = List.of(project);
    for (String name : path) {
      found = found.stream().flatMap(each -> children(each, name).stream()).toList();
    }
    return found.stream()
        .flatMap(plugins -> children(plugins, "plugin").stream())
        .filter(plugin -> text(only(plugin, "artifactId")).equals("maven-surefire-plugin"))
        .toList();
  }

  private static Map<String, String> properties(Element project) {
    Map<String, String> values = new HashMap<>();
    for (Element properties : children(project, "properties")) {
      children(properties).forEach(each -> values.put(each.getTagName(), text(each)));
    }
    return values;
  }

  private static Element only(Element parent, String name) {
    List<Element> found = children(parent, name);
    if (found.size() != 1) {
      throw new IllegalStateException(
          "%s: %d times %s (expected: once)".formatted(parent.getTagName(), found.size(), name));
    }
    return found.get(0);
  }

  private static List<Element> children(Element parent, String name) {
    return children(parent).stream().filter(each -> each.getTagName().equals(name)).toList();
  }

  private static List<Element> children(Element parent) {
    List<Element> found = new ArrayList<>();
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element) {
        found.add(element);
      }
    }
    return found;
  }

  private static String text(Element element) {
    return element.getTextContent().strip();
  }

  private static Element document(Path pom) throws IOException {
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
      return factory.newDocumentBuilder().parse(pom.toFile()).getDocumentElement();
    } catch (ParserConfigurationException | SAXException e) {
      throw new IOException(pom + ": not readable as XML", e);
    }
  }
}
