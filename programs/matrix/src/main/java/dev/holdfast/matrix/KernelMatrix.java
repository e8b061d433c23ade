package dev.holdfast.matrix;

import dev.holdfast.lab.PathFaults;
import dev.holdfast.lab.kernel.KernelLab;
import dev.holdfast.lab.kernel.KernelPath;
import dev.holdfast.lab.process.JavaCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * The matrix on the kernel's own connection tracking. Each path has a kernel lab, with one process
 * for the servers and one for the clients.
 */
public final class KernelMatrix {
  private final Consumer<String> progress;

  /**
   * A run of the matrix, not yet started.
   *
   * @param progress takes a line every few seconds
   */
  public KernelMatrix(Consumer<String> progress) {
    this.progress = progress;
  }

  /**
   * Runs all cells and waits for them.
   *
   * @throws dev.holdfast.lab.kernel.KernelLabException where the kernel lab can't be had
   */
  public MatrixReport run() throws IOException {
    long begunNanos = System.nanoTime();
    List<CompletableFuture<List<CellResult>>> runs = new ArrayList<>();
    List<AutoCloseable> open = new ArrayList<>();
    try {
      for (MatrixPath path : MatrixPath.kernel()) {
        KernelLab lab = open(path);
        open.add(lab);
        Process server = start(lab.inServer(peer("server", path)));
        open.add(0, server::destroyForcibly);
        await(server, MatrixPeer.READY);
        Process client = start(lab.inClient(peer("client", path)));
        open.add(0, client::destroyForcibly);
        // The common pool of JDK 25 has a single thread on two cores.
        Executor thread = task -> new Thread(task, path.toString()).start();
        runs.add(CompletableFuture.supplyAsync(() -> results(client, path), thread));
      }
      List<CellResult> results = new ArrayList<>();
      runs.forEach(run -> results.addAll(run.join()));
      return new MatrixReport(
          MatrixPath.kernel(),
          List.of(MatrixPair.values()),
          results,
          Duration.ofNanos(System.nanoTime() - begunNanos));
    } finally {
      close(open);
    }
  }

  private static KernelLab open(MatrixPath path) {
    PathFaults.IdleTimeout idleTimeout = path.faults().idle().orElseThrow();
    // The kernel counts whole seconds.
    Duration timeout = Duration.ofSeconds(path.scaled(idleTimeout.timeout()).toSeconds());
    return KernelLab.open(
        new KernelPath(timeout, idleTimeout.action(), MatrixPair.values().length));
  }

  private List<CellResult> results(Process client, MatrixPath path) {
    List<CellResult> results = new ArrayList<>();
    try (BufferedReader lines = reader(client)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(MatrixPeer.PROGRESS)) {
          progress.accept(path.name() + ", " + line.substring(MatrixPeer.PROGRESS.length()));
        } else if (line.startsWith(MatrixPeer.CELL)) {
          results.add(MatrixPeer.parse(path, line));
        }
      }
    } catch (IOException e) {
      throw new CompletionException(e);
    }
    if (results.size() != MatrixPair.values().length) {
      throw new CompletionException(
          new IOException(
              path.name()
                  + ": the client's program ended with "
                  + results.size()
                  + " results (expected: "
                  + MatrixPair.values().length
                  + ")"));
    }
    return results;
  }

  private static void await(Process process, String wanted) throws IOException {
    // Not closed: what the server says later is its own matter.
    BufferedReader lines = reader(process);
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.equals(wanted)) {
        return;
      }
    }
    throw new IOException("the server's program ended before it was ready");
  }

  private static BufferedReader reader(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  // Its standard input is our pipe: when we are gone, it ends.
  private static Process start(List<String> command) throws IOException {
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private static List<String> peer(String side, MatrixPath path) {
    return JavaCommand.of(
        MatrixPeer.class,
        List.of("-XX:+UseSerialGC", "-Dlogback.configurationFile=logback-matrix.xml"),
        List.of(side, path.name()));
  }

  private static void close(List<AutoCloseable> open) throws IOException {
    IOException failure = null;
    for (AutoCloseable part : open) {
      try {
        part.close();
      } catch (Exception e) {
        failure = new IOException("the kernel lab can't be taken away", e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
