package dev.holdfast.cli.lab;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.PathProfile;
import dev.holdfast.lab.PathFaults;
import dev.holdfast.lab.PathFaults.CountedTraffic;
import dev.holdfast.lab.PathFaults.IdleAction;
import dev.holdfast.lab.PathFaults.StreamEnd;
import dev.holdfast.lab.RelayDirection;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that describe the faults of a path: a profile and deviations from it. */
final class FaultOptions {
  private static final Pattern SPEED = Pattern.compile("(\\d{1,7}(?:\\.\\d{1,3})?)x?");
  private static final Pattern BYTES = Pattern.compile("(\\d{1,12})([kM]?)");

  @Option(
      names = "--profile",
      paramLabel = "NAME",
      description = "Begin with what this kind of path does, such as swarm; see lab profiles.")
  private @Nullable String profile;

  @Option(
      names = "--speed",
      paramLabel = "N",
      description = "Divide all times by this, such as 10x; 1x by default.")
  private String speed = "1x";

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of the jitter; 1 by default. The same seed gives the same run.")
  private long seed = 1;

  @Option(
      names = "--idle-drop",
      paramLabel = "TIME",
      description = "Forget a connection that was quiet for so long, silently.")
  private @Nullable String idleDrop;

  @Option(
      names = "--idle-rst",
      paramLabel = "TIME",
      description = "Forget it, and answer its next packet with a RST.")
  private @Nullable String idleReset;

  @Option(names = "--idle-close", paramLabel = "TIME", description = "Close it with a FIN.")
  private @Nullable String idleClose;

  @Option(
      names = "--idle-goaway",
      paramLabel = "TIME",
      description = "Send the client a GOAWAY and close; PINGs do not count as traffic.")
  private @Nullable String idleGoAway;

  @Option(
      names = "--idle-counts",
      paramLabel = "WHAT",
      description =
          "What counts as traffic for the idle timeout, that of the profile too: segments (the"
              + " default; TCP keepalive counts), bytes (a proxy that ends TCP) or http (HEADERS"
              + " and DATA only).")
  private @Nullable String idleCounts;

  @Option(
      names = "--stream-timeout",
      paramLabel = "TIME",
      description = "End HTTP/2 streams without DATA for so long by RST_STREAM.")
  private @Nullable String streamTimeout;

  @Option(
      names = "--stream-goaway",
      paramLabel = "TIME",
      description = "As --stream-timeout, but by a GOAWAY and closing the connection.")
  private @Nullable String streamGoAway;

  @Option(names = "--answer-pings", description = "The path answers HTTP/2 PINGs itself.")
  private boolean answerPings;

  @Option(names = "--latency", paramLabel = "TIME", description = "One way.")
  private @Nullable String latency;

  @Option(names = "--jitter", paramLabel = "TIME", description = "Up to so much more.")
  private @Nullable String jitter;

  @Option(
      names = "--bandwidth",
      paramLabel = "BYTES",
      description = "Bytes per second each way, such as 200k or 5M.")
  private @Nullable String bandwidth;

  @Option(
      names = "--stall",
      paramLabel = "AFTER:LENGTH[:EVERY]",
      description = "Windows in which nothing gets through, such as 10s:3s:30s.")
  private @Nullable String stall;

  @Option(
      names = "--loss",
      paramLabel = "DIRECTION:AFTER",
      description = "Lose everything to-server or to-client after a time, such as to-server:20s.")
  private @Nullable String loss;

  @Option(
      names = "--half-open",
      paramLabel = "AFTER",
      description = "Reset the server's side after a time and do not tell the client.")
  private @Nullable String halfOpen;

  @Option(
      names = "--cut",
      paramLabel = "DIRECTION:BYTES",
      description = "Reset both sides in the middle of the bytes, such as to-client:1000.")
  private @Nullable String cut;

  @Option(
      names = "--goaway",
      paramLabel = "AFTER[:CODE]",
      description = "Send the client a GOAWAY after a time; code 0 (NO_ERROR) by default.")
  private @Nullable String goAway;

  /**
   * The faults that the options describe.
   *
   * @throws IllegalArgumentException naming the option and what was expected
   */
  PathFaults faults() {
    PathFaults begin =
        profile == null ? PathFaults.NONE : PathFaults.of(PathProfile.parse("profile", profile));
    PathFaults.Builder faults = begin.toBuilder().speed(parseSpeed(speed)).seed(seed);
    idle(faults, begin.idle());
    streams(faults);
    if (answerPings) {
      faults.answersPings(true);
    }
    if (latency != null || jitter != null) {
      faults.latency(time("latency", latency), time("jitter", jitter));
    }
    if (bandwidth != null) {
      faults.bytesPerSecond(bytes("bandwidth", bandwidth));
    }
    if (stall != null) {
      List<String> parts = parts("stall", stall, 2, 3, "AFTER:LENGTH or AFTER:LENGTH:EVERY");
      faults.stall(
          time("stall", parts.get(0)),
          time("stall", parts.get(1)),
          parts.size() > 2 ? time("stall", parts.get(2)) : Duration.ZERO);
    }
    if (loss != null) {
      List<String> parts = parts("loss", loss, 2, 2, "DIRECTION:AFTER");
      faults.loss(direction("loss", parts.get(0)), time("loss", parts.get(1)));
    }
    if (halfOpen != null) {
      faults.halfOpenAfter(time("half-open", halfOpen));
    }
    if (cut != null) {
      List<String> parts = parts("cut", cut, 2, 2, "DIRECTION:BYTES");
      faults.cut(direction("cut", parts.get(0)), bytes("cut", parts.get(1)));
    }
    if (goAway != null) {
      List<String> parts = parts("goaway", goAway, 1, 2, "AFTER or AFTER:CODE");
      int code = parts.size() > 1 ? (int) bytes("goaway", parts.get(1)) : 0;
      faults.goAway(time("goaway", parts.get(0)), code, "holdfast lab");
    }
    return faults.build();
  }

  /** The profile's name, or what was given by options alone. */
  String title() {
    return profile == null ? "faults by options" : profile.toLowerCase(Locale.ROOT);
  }

  /**
   * Sets the idle timeout of connections: from the one idle option given, else from the profile.
   */
  private void idle(PathFaults.Builder faults, Optional<PathFaults.IdleTimeout> ofProfile) {
    Map<String, @Nullable String> said = new LinkedHashMap<>();
    said.put("idle-drop", idleDrop);
    said.put("idle-rst", idleReset);
    said.put("idle-close", idleClose);
    said.put("idle-goaway", idleGoAway);
    String name = onlyOne(said);
    if (name.isEmpty()) {
      ofProfile.ifPresent(
          idleTimeout ->
              faults.idle(idleTimeout.timeout(), idleTimeout.action(), counted(idleTimeout)));
      if (ofProfile.isEmpty() && idleCounts != null) {
        throw new IllegalArgumentException(
            "idle-counts: \""
                + idleCounts
                + "\" (expected: beside --idle-drop, --idle-rst, --idle-close or a --profile with"
                + " such a timeout)");
      }
      return;
    }
    IdleAction action =
        switch (name) {
          case "idle-drop" -> IdleAction.DROP;
          case "idle-rst" -> IdleAction.RESET;
          case "idle-close" -> IdleAction.CLOSE;
          default -> IdleAction.GOAWAY;
        };
    CountedTraffic byDefault =
        action == IdleAction.GOAWAY ? CountedTraffic.HTTP : CountedTraffic.SEGMENTS;
    Duration timeout = time(name, said.get(name));
    faults.idle(timeout, action, counted(action, byDefault));
  }

  private CountedTraffic counted(PathFaults.IdleTimeout ofProfile) {
    return counted(ofProfile.action(), ofProfile.counted());
  }

  private CountedTraffic counted(IdleAction action, CountedTraffic byDefault) {
    if (idleCounts == null) {
      return byDefault;
    }
    CountedTraffic countedTraffic = choice("idle-counts", idleCounts, CountedTraffic.values());
    if (action == IdleAction.GOAWAY && countedTraffic != CountedTraffic.HTTP) {
      throw new IllegalArgumentException(
          "idle-counts: \"" + idleCounts + "\" (expected: http, where a GOAWAY is sent)");
    }
    return countedTraffic;
  }

  private void streams(PathFaults.Builder faults) {
    Map<String, @Nullable String> said = new LinkedHashMap<>();
    said.put("stream-timeout", streamTimeout);
    said.put("stream-goaway", streamGoAway);
    String name = onlyOne(said);
    if (!name.isEmpty()) {
      faults.streamTimeout(
          time(name, said.get(name)),
          name.equals("stream-goaway") ? StreamEnd.GOAWAY : StreamEnd.RST_STREAM);
    }
  }

  /** The option that was given; "" for none. A path does one thing to what is quiet. */
  private static String onlyOne(Map<String, @Nullable String> options) {
    List<String> given =
        options.entrySet().stream()
            .filter(option -> option.getValue() != null)
            .map(Map.Entry::getKey)
            .toList();
    if (given.size() > 1) {
      throw new IllegalArgumentException(
          given.get(1)
              + ": beside --"
              + given.get(0)
              + " (expected: one of --"
              + String.join(", --", options.keySet())
              + ")");
    }
    return given.isEmpty() ? "" : given.get(0);
  }

  static double parseSpeed(String text) {
    Matcher matcher = SPEED.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "speed: \"" + text + "\" (expected: a number, such as 10x)");
    }
    return Double.parseDouble(matcher.group(1));
  }

  private static Duration time(String name, @Nullable String text) {
    return text == null ? Duration.ZERO : DurationText.parse(name, text);
  }

  private static long bytes(String name, String text) {
    Matcher matcher = BYTES.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          name + ": \"" + text + "\" (expected: a number, such as 1000, 200k or 5M)");
    }
    long number = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "k" -> number * 1_000;
      case "M" -> number * 1_000_000;
      default -> number;
    };
  }

  private static RelayDirection direction(String name, String text) {
    return choice(name, text, RelayDirection.values());
  }

  private static <E extends Enum<E>> E choice(String name, String text, E[] values) {
    StringBuilder known = new StringBuilder();
    for (E value : values) {
      String spelt = value.name().toLowerCase(Locale.ROOT).replace('_', '-');
      if (spelt.equals(text)) {
        return value;
      }
      known.append(known.isEmpty() ? "" : " or ").append(spelt);
    }
    throw new IllegalArgumentException(name + ": \"" + text + "\" (expected: " + known + ")");
  }

  private static List<String> parts(String name, String text, int min, int max, String expected) {
    List<String> parts = List.of(text.split(":", -1));
    if (parts.size() < min || parts.size() > max) {
      throw new IllegalArgumentException(name + ": \"" + text + "\" (expected: " + expected + ")");
    }
    return parts;
  }
}
