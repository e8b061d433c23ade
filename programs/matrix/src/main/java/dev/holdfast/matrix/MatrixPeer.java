package dev.holdfast.matrix;

import dev.holdfast.core.HostPort;
import dev.holdfast.lab.kernel.KernelLab;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import org.slf4j.LoggerFactory;

/**
 * A child process with one side of the cells of a path, in a namespace of a kernel lab: {@code
 * server PATH} or {@code client PATH}. Every pair has an endpoint of its own. The process ends when
 * its standard input does.
 */
public final class MatrixPeer {
  static final String READY = "READY";
  static final String PROGRESS = "PROGRESS ";
  static final String CELL = "CELL\t";

  private static final int FIELDS = 8;

  private MatrixPeer() {}

  /** The main method of the child process. */
  public static void main(String[] args) throws Exception {
    // Before there is a second thread: slf4j warns of loggers that are asked for while it starts.
    LoggerFactory.getILoggerFactory();
    Thread end = new Thread(MatrixPeer::endWithInput, "matrix-peer-end");
    end.setDaemon(true);
    MatrixPath path =
        MatrixPath.kernel().stream()
            .filter(known -> known.name().equals(args[1]))
            .findFirst()
            .orElseThrow();
    end.start();
    if (args[0].equals("server")) {
      serve(path);
      System.out.println(READY);
      end.join();
    } else {
      report(path);
      System.exit(0);
    }
  }

  private static void serve(MatrixPath path) throws IOException {
    for (MatrixPair pair : MatrixPair.values()) {
      HostPort address = HostPort.parse(KernelLab.serverAddressOf(endpoint(pair)));
      var unused =
          new MatrixEnds(path, pair).server(new InetSocketAddress(address.host(), address.port()));
    }
  }

  private static void report(MatrixPath path) throws InterruptedException {
    List<MatrixPair> pairs = List.of(MatrixPair.values());
    MatrixReport report =
        new LabMatrix(
                List.of(path),
                pairs,
                line -> System.out.println(PROGRESS + line),
                (row, pair) ->
                    MatrixCell.open(row, pair, KernelLab.clientAddressOf(endpoint(pair))))
            .run();
    for (MatrixPair pair : pairs) {
      System.out.println(line(report.cell(path, pair)));
    }
  }

  static String line(CellResult cell) {
    return CELL
        + String.join(
            "\t",
            cell.pair().name(),
            Boolean.toString(cell.firstCall().ok()),
            cell.firstCall().word(),
            oneLine(cell.firstCall().detail()),
            Boolean.toString(cell.heldStream().ok()),
            cell.heldStream().word(),
            oneLine(cell.heldStream().detail()));
  }

  static CellResult parse(MatrixPath path, String line) {
    List<String> fields = Arrays.asList(line.split("\t", FIELDS));
    return new CellResult(
        path,
        MatrixPair.valueOf(fields.get(1)),
        new CellOutcome(Boolean.parseBoolean(fields.get(2)), fields.get(3), fields.get(4)),
        new CellOutcome(Boolean.parseBoolean(fields.get(5)), fields.get(6), fields.get(7)));
  }

  private static int endpoint(MatrixPair pair) {
    return List.of(MatrixPair.values()).indexOf(pair);
  }

  private static String oneLine(String text) {
    return text.replaceAll("[\\t\\r\\n]+", " ");
  }

  private static void endWithInput() {
    try {
      while (System.in.read() >= 0) {
        // Nobody has anything to say but the end.
      }
    } catch (IOException e) {
      System.out.println("the parent's pipe broke: " + e.getMessage());
    }
    System.exit(0);
  }
}
