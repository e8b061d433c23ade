package dev.holdfast.bench.transcoding;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.holdfast.bench.load.H2load;
import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.Sample;
import dev.holdfast.bench.run.ScratchFolder;
import dev.holdfast.bench.transcoding.TranscodingServer.Kind;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.transcoding.json.CodecException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The benchmark of HTTP/JSON transcoding for a gRPC service of the same process: Holdfast's
 * frontend against Armeria's.
 */
public final class Transcoding extends Comparison {
  public static final List<ExternalTool> TOOLS = List.of(H2load.TOOL);

  private static final Option ALTERNATIONS =
      new Option("--alternations", 10, 1, 1, 1_000, "times that each server is given each load");
  private static final Option SLICE_MILLIS =
      new Option("--slice-millis", 2_000, 250, 50, 60_000, "about how long each of them lasts");
  private static final Option WARM_UP =
      new Option(
          "--warm-up", 1_000, 1, 1, 100_000, "thousands of small calls for each server first");

  private static final long THOUSAND = 1_000;
  private static final int LARGE_PART_OF_WARM_UP = 50;
  private static final int LEAST_ALTERNATIONS = 10;
  private static final double RATIO_SMALL_BOUND = 1.3;
  private static final double RATIO_LARGE_BOUND = 2;
  private static final double CODEC_RATIO_BOUND = 3;

  @Override
  public String name() {
    return "transcoding";
  }

  @Override
  public String summary() {
    return "JSON calls per CPU second in a service's own process: >= 1.3 (small) and 2 (100 KB)"
        + " times Armeria's";
  }

  @Override
  public List<Option> options() {
    return List.of(ALTERNATIONS, SLICE_MILLIS, WARM_UP);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "Two processes with the same flags hold the same grpc-java service, which answers what it"
            + " was sent; one has",
        "HoldfastGateway.inProcess before it, the other Armeria's HTTP/JSON transcoding, both with"
            + " handlers on the",
        "threads of connections, as many as there are processors. h2load posts JSON to each in"
            + " turns as fast as the",
        "answers come: a message of six fields and one of 100 KB, over HTTP/2 (4 connections, 50"
            + " and 10 requests under",
        "way) and over HTTP/1.1 (50 and 16 connections). CPU is what the kernel counts for the"
            + " process. Answers are",
        "read once with JsonFormat and must be the message; all others must be as long. A ratio is"
            + " theirs over ours of",
        "one alternation's CPU time per call; a figure is the median, of the worse of HTTP/2 and"
            + " HTTP/1.1.",
        "codec_ratio is the codec alone against protobuf-java's JsonFormat, bytes to bytes in one"
            + " thread, CPU time: the",
        "least of parse and print, small and large, by a loop of our own with warm-up and"
            + " alternations, not JMH.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "to both: h2load shares the cores; a JVM goes on compiling and collecting, which counts.",
        "to Armeria: it decorates, times and counts requests in ways that its users may want; it"
            + " has its defaults.",
        "to Armeria: our default runs handlers on other threads, which costs CPU; here it is told"
            + " not to, so that both do what Armeria does by default.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Path folder = runResources.own(ScratchFolder.create("holdfast-bench-transcoding")).path();
    Map<Kind, ChildJvm> servers = new EnumMap<>(Kind.class);
    for (Kind kind : Kind.values()) {
      servers.put(kind, TranscodingServer.start(runResources, kind));
    }
    List<MeasuredTranscoder> transcoders = new ArrayList<>();
    for (Map.Entry<Kind, ChildJvm> each : servers.entrySet()) {
      transcoders.add(new MeasuredTranscoder(each.getKey(), each.getValue(), folder));
    }
    for (MeasuredTranscoder transcoder : transcoders) {
      transcoder.requireTruth();
      report.say("%s answers truly; warming it up", transcoder.kind().key());
      for (TranscodingWork work : TranscodingWork.values()) {
        long calls = THOUSAND * options.get(WARM_UP);
        transcoder.warmUp(work, work.isLarge() ? calls / LARGE_PART_OF_WARM_UP : calls);
      }
    }
    Map<TranscodingWork, List<Double>> ratios = new EnumMap<>(TranscodingWork.class);
    for (int i = 0; i < options.get(ALTERNATIONS); i++) {
      for (TranscodingWork work : TranscodingWork.values()) {
        double ratio = alternation(transcoders, work, options.get(SLICE_MILLIS) / 1e3, report);
        ratios.computeIfAbsent(work, unused -> new ArrayList<>()).add(ratio);
      }
      Collections.rotate(transcoders, 1);
    }
    conclude(options, report, ratios);
  }

  private static double alternation(
      List<MeasuredTranscoder> transcoders, TranscodingWork work, double seconds, Report report)
      throws IOException, InterruptedException {
    Map<Kind, Double> micros = new EnumMap<>(Kind.class);
    StringBuilder line = new StringBuilder(work.key());
    for (MeasuredTranscoder transcoder : transcoders) {
      double cpu = transcoder.cpuMicros(work, seconds);
      micros.put(transcoder.kind(), cpu);
      line.append(
          String.format(
              "; %s %.2f us, %.0f/s", transcoder.kind().key(), cpu, transcoder.rate(work)));
    }
    double ratio =
        micros.getOrDefault(Kind.ARMERIA, Double.NaN)
            / micros.getOrDefault(Kind.HOLDFAST, Double.NaN);
    report.say("%s; ratio %.3f", line, ratio);
    return ratio;
  }

  private static void conclude(
      Options options, Report report, Map<TranscodingWork, List<Double>> ratios)
      throws CodecException, InvalidProtocolBufferException {
    double small = worst(report, ratios, false);
    double large = worst(report, ratios, true);
    double codec =
        new CodecRatio(options.quick(), line -> report.say("codec: %s", line)).measure().least();
    report
        .atLeast("ratio_small", small, RATIO_SMALL_BOUND)
        .atLeast("ratio_large", large, RATIO_LARGE_BOUND)
        .atLeast("codec_ratio", codec, CODEC_RATIO_BOUND)
        .figure("alternations", options.get(ALTERNATIONS))
        .bound(
            options.quick() || options.get(ALTERNATIONS) >= LEAST_ALTERNATIONS,
            "alternations: %d (expected: >= %d)",
            options.get(ALTERNATIONS),
            LEAST_ALTERNATIONS);
  }

  /** The median of each kind of load; the lesser one counts. */
  private static double worst(
      Report report, Map<TranscodingWork, List<Double>> ratios, boolean large) {
    double worst = Double.POSITIVE_INFINITY;
    for (Map.Entry<TranscodingWork, List<Double>> each : ratios.entrySet()) {
      if (each.getKey().isLarge() == large) {
        Sample sample =
            Sample.of(each.getValue().stream().mapToDouble(Double::doubleValue).toArray());
        report.say(
            "%s: calls per CPU second over Armeria's: median %.3f, quartiles %.3f to %.3f",
            each.getKey().key(), sample.median(), sample.lowerQuartile(), sample.upperQuartile());
        worst = Math.min(worst, sample.median());
      }
    }
    return worst;
  }
}
