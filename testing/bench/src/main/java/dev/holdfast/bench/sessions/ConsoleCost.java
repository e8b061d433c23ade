package dev.holdfast.bench.sessions;

import dev.holdfast.bench.process.ExternalCommand;
import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.ScratchFolder;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** The benchmark of the console in front of one process with very many streams and connections. */
public final class ConsoleCost extends Comparison {
  /** What a whole run needs beside Java. */
  private static final List<ExternalTool> TOOLS =
      List.of(new ExternalTool("node", "nodejs"), new ExternalTool("chromium", "chromium"));

  private static final Option STREAMS =
      new Option("--streams", 100_000, 4_000, 10, 200_000, "resumable streams of the process");
  private static final Option CONNECTIONS =
      new Option("--connections", 10_000, 400, 1, 18_000, "TCP connections that carry them");
  private static final Option CLIENTS =
      new Option("--clients", 2, 1, 1, 16, "processes that the clients are in");
  private static final Option SECONDS =
      new Option("--seconds", 30, 5, 1, 600, "time with and without an open page, each, a round");
  private static final Option ROUNDS =
      new Option("--rounds", 4, 1, 1, 100, "windows of time with and without an open page");
  private static final Option PAGES =
      new Option("--pages", 200, 20, 5, 10_000, "sorted pages that are asked for");

  private static final List<String> SORTS =
      List.of("unacked_ms", "sent", "age_ms", "id", "peer", "state", "queued_bytes");

  /** Until the compiler has seen every order, up and down, as first and as next page, often. */
  private static final int WARMING_ROUNDS = 8;

  private static final double QUANTILE = 0.99;
  private static final double PAGE_MILLIS_BOUND = 200;
  private static final double CPU_PERCENT_BOUND = 1;
  private static final int OK = 200;
  private static final long PATIENCE_SECONDS = 120;
  private static final long POLL_MILLIS = 200;
  private static final String FIRST_PAGE = "/api/rows?view=streams&limit=1";
  private static final Pattern LISTEN = Pattern.compile(".*\"listen\":\"([^\"]+)\".*");
  private static final Pattern PAINT = Pattern.compile("(?s).*PAINT (\\d+).*");

  @Override
  public String name() {
    return "console";
  }

  @Override
  public String summary() {
    return "the console before 100,000 streams: a sorted page <= 200 ms, <= 1 % CPU of the process";
  }

  @Override
  public List<Option> options() {
    return List.of(STREAMS, CONNECTIONS, CLIENTS, SECONDS, ROUNDS, PAGES);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "One server process with all streams over all connections, idle, from clients in other"
            + " processes; ./holdfast console",
        "asks it. server_cpu_pct: CPU time of the server while a page with its streams is open,"
            + " less that of as much time",
        "without, by turns, in percent of one core. page_ms: 99 of",
        "100 pages of streams, sorted by one of " + SORTS.size() + " columns, up or down,",
        "first or next. first_paint_ms: in a headless Chromium, until the table has rows; only in a"
            + " whole run.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "for ours: the server has a heap of 6 GB of which the streams take 0.5, and warm code.",
        "to ours: all rows are in one process, which sorts them alone; a fleet shares the work.",
        "to nobody: there is no peer, the bounds are absolute.");
  }

  @Override
  public void validate(Options options) {
    if (options.get(STREAMS) % options.get(CONNECTIONS) != 0
        || options.get(CONNECTIONS) % options.get(CLIENTS) != 0) {
      throw new IllegalArgumentException(
          "--streams: "
              + options.get(STREAMS)
              + " (expected: a multiple of --connections, and that of --clients)");
    }
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    if (!options.quick()) {
      // Before minutes have passed.
      TOOLS.forEach(ExternalTool::path);
    }
    ObservedServer server = ObservedServer.start(runResources);
    List<Devices> devices = openStreams(options, runResources, server.port(), report);
    // What setting up left is not charged to who looks at it.
    server.collect();
    String console = console(runResources, server.adminPort());
    Pages pages = new Pages(console);
    String total = pages.awaitStreams(options.get(STREAMS));
    OpenPageCost open = openPageCost(options, runResources, server, console, report);
    double pageMillis = pages.quantileMillis(options.get(PAGES), report);
    double paintMillis = options.quick() ? Double.NaN : paintMillis(console);
    for (Devices some : devices) {
      some.close();
    }
    server.close();
    report
        .figure("first_paint_ms", paintMillis)
        .atMost("page_ms", pageMillis, PAGE_MILLIS_BOUND)
        .atMost("server_cpu_pct", open.cpuPercent(), CPU_PERCENT_BOUND)
        .figure("bytes_s", Math.round(open.bytesPerSecond()))
        .bound(
            total.contains(Pages.total(options.get(STREAMS))),
            "streams: %s (expected: %d)",
            total.replaceAll(".*(\"total\":\\d+).*", "$1"),
            options.get(STREAMS))
        .bound(open.bytesPerSecond() > 0, "bytes_s: the open page got nothing");
  }

  private record OpenPageCost(double cpuPercent, double bytesPerSecond) {}

  /** The cost of an open page to its server, from windows with and without one by turns. */
  private static OpenPageCost openPageCost(
      Options options,
      RunResources runResources,
      ObservedServer server,
      String console,
      Report report)
      throws Exception {
    Duration idle = Duration.ZERO;
    Duration open = Duration.ZERO;
    long bytes = 0;
    for (int round = -1; round < options.get(ROUNDS); round++) {
      Duration without = cpuOver(server, options.get(SECONDS));
      OpenPage page = runResources.own(OpenPage.open(console));
      Duration with = cpuOver(server, options.get(SECONDS));
      page.close();
      report.say("CPU without a page %d ms, with one %d ms", without.toMillis(), with.toMillis());
      if (round >= 0) {
        // The code of both has run before it counts.
        idle = idle.plus(without);
        open = open.plus(with);
        bytes += page.bytes.get();
      }
    }
    double seconds = (double) options.get(ROUNDS) * options.get(SECONDS);
    return new OpenPageCost(open.minus(idle).toMillis() / seconds / 10, bytes / seconds);
  }

  private static List<Devices> openStreams(
      Options options, RunResources runResources, int port, Report report) throws Exception {
    int clients = options.get(CLIENTS);
    Devices.Size size =
        new Devices.Size(
            options.get(CONNECTIONS) / clients, options.get(STREAMS) / options.get(CONNECTIONS));
    List<Devices> devices = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      Devices some =
          Devices.start(
              runResources, "clients", new Devices.DeviceOptions(true, false, port), size);
      devices.add(some);
      some.open();
      report.say("%d streams stand", (i + 1) * size.connections() * size.perConnection());
    }
    return devices;
  }

  private static Duration cpuOver(ObservedServer server, int seconds) throws InterruptedException {
    Duration before = server.cpu();
    Thread.sleep(Duration.ofSeconds(seconds).toMillis());
    return server.cpu().minus(before);
  }

  /** Starts the console; returns its address. */
  private static String console(RunResources runResources, int adminPort) throws Exception {
    Process process =
        new ProcessBuilder(
                System.getProperty("holdfast.launcher", "holdfast"),
                "console",
                "--json",
                "--listen",
                "0",
                "--admin-address",
                "127.0.0.1:" + adminPort)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    runResources.own(
        () -> {
          process.destroy();
          process.waitFor();
        });
    String line = process.inputReader().readLine();
    Matcher listen = LISTEN.matcher(String.valueOf(line));
    if (!listen.matches()) {
      throw new IOException("console: " + line + " (expected: its address)");
    }
    return "http://" + listen.group(1);
  }

  private static double paintMillis(String console) throws Exception {
    Path root = Path.of(System.getProperty("holdfast.home", "."));
    try (ScratchFolder scratch = ScratchFolder.create("console-paint")) {
      Path output = scratch.path().resolve("paint.log");
      Path browser = root.resolve("testing/browser");
      ExternalCommand.said(
          List.of(root.resolve("scripts/npm-packages").toString(), browser.toString()),
          root,
          output,
          PATIENCE_SECONDS);
      String said =
          ExternalCommand.said(
              List.of("node", "paint.mjs", console + "/#view=streams", TOOLS.get(1).path()),
              browser,
              output,
              PATIENCE_SECONDS);
      Matcher paint = PAINT.matcher(said);
      if (!paint.matches()) {
        throw new IOException("paint.mjs: " + said);
      }
      return Double.parseDouble(paint.group(1));
    }
  }

  /** The pages that one browser after the other turns. */
  private static final class Pages {
    private final HttpClient http = HttpClient.newHttpClient();
    private final String console;

    Pages(String console) {
      this.console = console;
    }

    String get(String path) throws IOException, InterruptedException {
      return send(HttpRequest.newBuilder(URI.create(console + path)).build());
    }

    /** The first page when it has so many streams in all, or what it is after a while without. */
    String awaitStreams(int streams) throws IOException, InterruptedException {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      String page = get(FIRST_PAGE);
      // A process that is slow to answer the first query is shown as silent for a moment.
      while (!page.contains(total(streams)) && System.nanoTime() - deadline < 0) {
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        page = get(FIRST_PAGE);
      }
      return page;
    }

    static String total(int streams) {
      return "\"total\":" + streams + ",";
    }

    private String send(HttpRequest request) throws IOException, InterruptedException {
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != OK) {
        throw new IOException(request.uri() + ": " + answer.statusCode() + " " + answer.body());
      }
      return answer.body();
    }

    double quantileMillis(int pages, Report report) throws Exception {
      double[] millis = new double[pages];
      for (int i = -WARMING_ROUNDS * SORTS.size(); i < pages; i++) {
        String query =
            "view=streams&limit=100&sort="
                + SORTS.get(Math.floorMod(i, SORTS.size()))
                + "&order="
                + (Math.floorMod(i / SORTS.size(), 2) == 0 ? "desc" : "asc");
        if (Math.floorMod(i, 2) == 1) {
          query += "&page=" + next(query);
        }
        long begun = System.nanoTime();
        var unused = get("/api/rows?" + query);
        if (i >= 0) {
          millis[i] = (System.nanoTime() - begun) / 1e6;
        }
      }
      for (int sort = 0; sort < SORTS.size(); sort++) {
        sayOf(sort, millis, report);
      }
      Arrays.sort(millis);
      report.say(
          "%d pages: median %.1f ms, max %.1f ms", pages, millis[pages / 2], millis[pages - 1]);
      return millis[(int) Math.min(pages - 1, Math.floor(pages * QUANTILE))];
    }

    private static void sayOf(int sort, double[] millis, Report report) {
      double[] ofSort =
          IntStream.range(0, millis.length)
              .filter(page -> page % SORTS.size() == sort)
              .mapToDouble(page -> millis[page])
              .sorted()
              .toArray();
      report.say(
          "by %s: median %.1f ms, max %.1f ms",
          SORTS.get(sort), ofSort[ofSort.length / 2], ofSort[ofSort.length - 1]);
    }

    private String next(String query) throws IOException, InterruptedException {
      String answer =
          send(
              HttpRequest.newBuilder(URI.create(console + "/api/next?" + query))
                  .POST(HttpRequest.BodyPublishers.noBody())
                  .header("x-holdfast-admin", "bench")
                  .build());
      return answer.replaceAll(".*\"page\":\"([^\"]+)\".*", "$1");
    }
  }

  /** A page that follows the streams, as a browser does. */
  private static final class OpenPage implements AutoCloseable {
    private final AtomicLong bytes = new AtomicLong();
    private final InputStream events;

    private OpenPage(InputStream events) {
      this.events = events;
    }

    static OpenPage open(String console) throws IOException, InterruptedException {
      HttpResponse<InputStream> answer =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(URI.create(console + "/api/events?view=streams")).build(),
                  HttpResponse.BodyHandlers.ofInputStream());
      OpenPage page = new OpenPage(answer.body());
      Thread reader = new Thread(page::read, "open-page");
      reader.setDaemon(true);
      reader.start();
      return page;
    }

    private void read() {
      byte[] buffer = new byte[1 << 16];
      try {
        for (int read = events.read(buffer); read >= 0; read = events.read(buffer)) {
          bytes.addAndGet(read);
        }
      } catch (IOException e) {
        // Closed at the end of the measurement, or the bound on bytes_s tells.
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() throws IOException {
      events.close();
    }
  }
}
