package dev.holdfast.matrix;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The matrix of every path against every pair, with all cells run side by side. Each cell waits out
 * its own quiet time, so the run takes as long as the longest.
 */
public final class LabMatrix {
  /** The run has missed its goal when it takes longer. */
  public static final Duration GOAL = Duration.ofMinutes(4);

  private static final Duration PROGRESS_EVERY = Duration.ofSeconds(5);
  // Setting up is work; the quiet time of a cell begins after its own.
  private static final int SETUPS_AT_ONCE = 4;

  /** The factory of a cell. */
  interface CellOpener {
    MatrixCell open(MatrixPath path, MatrixPair pair) throws Exception;
  }

  private final List<MatrixPath> paths;
  private final List<MatrixPair> pairs;
  private final Consumer<String> progress;
  private final CellOpener cellOpener;
  private final Semaphore setups = new Semaphore(SETUPS_AT_ONCE);
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicInteger done = new AtomicInteger();

  /**
   * A run of the matrix, not yet started.
   *
   * @param progress takes a line every few seconds
   */
  public LabMatrix(List<MatrixPath> paths, List<MatrixPair> pairs, Consumer<String> progress) {
    this(paths, pairs, progress, MatrixCell::open);
  }

  LabMatrix(
      List<MatrixPath> paths,
      List<MatrixPair> pairs,
      Consumer<String> progress,
      CellOpener cellOpener) {
    this.paths = List.copyOf(paths);
    this.pairs = List.copyOf(pairs);
    this.progress = progress;
    this.cellOpener = cellOpener;
  }

  /** Runs all cells and waits for them. */
  public MatrixReport run() throws InterruptedException {
    long begunNanos = System.nanoTime();
    ExecutorService threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "lab-matrix");
              thread.setDaemon(true);
              return thread;
            });
    try {
      List<CompletableFuture<CellResult>> cells = new ArrayList<>();
      for (MatrixPath path : longestFirst()) {
        for (MatrixPair pair : pairs) {
          cells.add(CompletableFuture.supplyAsync(() -> cell(path, pair, threads), threads));
        }
      }
      CompletableFuture<Void> all =
          CompletableFuture.allOf(cells.toArray(CompletableFuture<?>[]::new));
      while (!isDone(all)) {
        progress.accept(progressLine(cells.size(), begunNanos));
      }
      List<CellResult> results = cells.stream().map(CompletableFuture::join).toList();
      return new MatrixReport(
          paths, pairs, results, Duration.ofNanos(System.nanoTime() - begunNanos));
    } finally {
      threads.shutdownNow();
    }
  }

  private CellResult cell(MatrixPath path, MatrixPair pair, ExecutorService threads) {
    try (MatrixCell cell = opened(path, pair)) {
      open.incrementAndGet();
      TimeUnit.NANOSECONDS.sleep(Math.max(0, cell.quietLeft().toNanos()));
      CompletableFuture<CellOutcome> first =
          CompletableFuture.supplyAsync(cell::firstCall, threads);
      CellOutcome held = cell.heldStream();
      return cell.result(first.join(), held);
    } catch (Exception e) {
      Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
      return new CellResult(path, pair, CellOutcome.broken(cause), CellOutcome.broken(cause));
    } finally {
      done.incrementAndGet();
    }
  }

  private MatrixCell opened(MatrixPath path, MatrixPair pair) throws Exception {
    setups.acquire();
    try {
      return cellOpener.open(path, pair);
    } finally {
      setups.release();
    }
  }

  private List<MatrixPath> longestFirst() {
    return paths.stream().sorted((a, b) -> b.quietTime().compareTo(a.quietTime())).toList();
  }

  private String progressLine(int cells, long begunNanos) {
    long longestMillis =
        paths.stream().mapToLong(path -> path.quietTime().toMillis()).max().orElse(0);
    long passed = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begunNanos);
    long about = (longestMillis + MatrixCell.ANSWER_LIMIT.toMillis()) / 1_000;
    return "%d cells: %d set up, %d done; %d s of about %d s"
        .formatted(cells, open.get(), done.get(), passed, about);
  }

  private static boolean isDone(CompletableFuture<Void> all) throws InterruptedException {
    try {
      all.get(PROGRESS_EVERY.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (java.util.concurrent.ExecutionException e) {
      throw new IllegalStateException("a cell ended without a result", e.getCause());
    }
  }
}
