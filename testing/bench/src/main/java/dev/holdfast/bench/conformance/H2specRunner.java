package dev.holdfast.bench.conformance;

import dev.holdfast.bench.process.ExternalCommand;
import dev.holdfast.bench.process.ExternalTool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** The h2spec program, built from its Go module, and the parser of its reports. */
final class H2specRunner {
  /** The path that is asked for. */
  static final String PATH = "/h2spec";

  private static final long BUILD_LIMIT_S = 300;
  private static final long RUN_LIMIT_S = 240;
  private static final int CASE_LIMIT_S = 2;

  private final Path program;
  private final Path folder;
  private int runs;

  private H2specRunner(Path program, Path folder) {
    this.program = program;
    this.folder = folder;
  }

  /**
   * A test case and its result.
   *
   * @param id the transport, the section and the title
   */
  record Case(String id, boolean passed) {}

  /** Builds it; Go fetches its module when it is not there yet. */
  static H2specRunner build(Path folder) throws IOException, InterruptedException {
    Path program = H2spec.root().resolve(".holdfast/interop/h2spec");
    Files.createDirectories(program.getParent());
    List<String> build =
        List.of(
            new ExternalTool("go", "golang-go").path(),
            "build",
            "-o",
            program.toString(),
            "github.com/summerwind/h2spec/cmd/h2spec");
    Path said = folder.resolve("build.log");
    if (ExternalCommand.run(
            build, H2spec.root().resolve("testing/interop/h2spec"), said, BUILD_LIMIT_S)
        != 0) {
      throw new IOException("go build of h2spec failed: " + Files.readString(said));
    }
    return new H2specRunner(program, folder);
  }

  /**
   * Runs all cases against the server at a port of loopback.
   *
   * @param over prefix of each case's id; {@code tls} runs them over TLS
   */
  List<Case> run(String over, int port) throws IOException, InterruptedException {
    Path report = folder.resolve("h2spec-" + runs++ + ".xml");
    List<String> command =
        new ArrayList<>(
            List.of(
                program.toString(),
                "--strict",
                "--host=127.0.0.1",
                "--port=" + port,
                "--path=" + PATH,
                "--timeout=" + CASE_LIMIT_S,
                "--junit-report=" + report));
    if (over.equals("tls")) {
      command.add("--tls");
      command.add("--insecure");
    }
    Path said = folder.resolve("h2spec-" + runs + ".log");
    ExternalCommand.run(command, folder, said, RUN_LIMIT_S);
    if (!Files.exists(report)) {
      throw new IOException("h2spec gave no report: " + Files.readString(said));
    }
    return cases(over, report);
  }

  /** The cases of a report. */
  static List<Case> cases(String over, Path report) throws IOException {
    List<Case> cases = new ArrayList<>();
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      NodeList all =
          factory.newDocumentBuilder().parse(report.toFile()).getElementsByTagName("testcase");
      for (int i = 0; i < all.getLength(); i++) {
        Element one = (Element) all.item(i);
        boolean passed =
            one.getElementsByTagName("failure").getLength() == 0
                && one.getElementsByTagName("error").getLength() == 0
                && one.getElementsByTagName("skipped").getLength() == 0;
        String id = one.getAttribute("package") + ": " + one.getAttribute("classname");
        cases.add(new Case(over + " " + id, passed));
      }
    } catch (ParserConfigurationException | SAXException e) {
      throw new IOException(report + " is no report of h2spec", e);
    }
    return cases;
  }
}
