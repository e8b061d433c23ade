package dev.holdfast.registry.file;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import java.util.ArrayList;
import java.util.List;

/**
 * The text of a {@code *.list} file: one {@code host:port} per line, with {@code zone=} and {@code
 * weight=} behind it where wanted; what follows a {@code #} is a comment.
 *
 * @param endpoints of the lines that make sense, in their order
 * @param problems what is wrong with the others, each with its line number
 */
record StaticList(List<Endpoint> endpoints, List<String> problems) {

  static StaticList parse(String text) {
    List<Endpoint> endpoints = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      int comment = line.indexOf('#');
      String content = (comment < 0 ? line : line.substring(0, comment)).strip();
      if (content.isEmpty()) {
        continue;
      }
      try {
        endpoints.add(parseLine(content));
      } catch (IllegalArgumentException e) {
        problems.add("line " + number + ": " + e.getMessage());
      }
    }
    return new StaticList(List.copyOf(endpoints), List.copyOf(problems));
  }

  private static Endpoint parseLine(String line) {
    String[] words = line.split("\\s+", -1);
    Endpoint endpoint = Endpoint.of(HostPort.parse(words[0]));
    for (int i = 1; i < words.length; i++) {
      String word = words[i];
      if (word.startsWith("zone=")) {
        endpoint = endpoint.withZone(word.substring("zone=".length()));
      } else if (word.startsWith("weight=")) {
        endpoint = endpoint.withWeight(parseWeight(word.substring("weight=".length())));
      } else {
        throw new IllegalArgumentException(
            "property: \"" + word + "\" (expected: zone=.. or weight=..)");
      }
    }
    return endpoint;
  }

  private static int parseWeight(String digits) {
    try {
      return Integer.parseInt(digits);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("weight: \"" + digits + "\" (expected: 1 to 10000)", e);
    }
  }
}
