package dev.holdfast.testrunner.release;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/**
 * A pom as a tree of elements. Nothing is inherited or interpolated: a program that reads it from a
 * repository sees the same text.
 */
final class PomDocument {
  private final Element root;

  private PomDocument(Element root) {
    this.root = root;
  }

  /** Reads a pom; one that is no XML is an {@link IOException} with its path. */
  static PomDocument read(Path file) throws IOException {
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      DocumentBuilder builder = factory.newDocumentBuilder();
      // The default one prints to stderr what the exception says.
      builder.setErrorHandler(null);
      return new PomDocument(builder.parse(file.toFile()).getDocumentElement());
    } catch (ParserConfigurationException | SAXException e) {
      throw new IOException(file + ": " + e.getMessage() + " (expected: a pom)", e);
    }
  }

  /** The text of the element at a path such as {@code scm/url}, if it is there and not blank. */
  Optional<String> text(String path) {
    return elements(path).stream()
        .map(element -> element.getTextContent().trim())
        .filter(text -> !text.isEmpty())
        .findFirst();
  }

  /** All elements at a path. */
  List<Element> elements(String path) {
    List<Element> found = List.of(root);
    for (String name : path.split("/", -1)) {
      found = found.stream().flatMap(parent -> children(parent, name).stream()).toList();
    }
    return found;
  }

  /** The text of a child of an element, if it is there and not blank. */
  static Optional<String> child(Element parent, String name) {
    return children(parent, name).stream()
        .map(element -> element.getTextContent().trim())
        .filter(text -> !text.isEmpty())
        .findFirst();
  }

  private static List<Element> children(Element parent, String name) {
    List<Element> found = new ArrayList<>();
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element && element.getTagName().equals(name)) {
        found.add(element);
      }
    }
    return found;
  }
}
