package dev.holdfast.core;

import java.util.List;
import java.util.Optional;

/**
 * A {@link Tunable} that is one of a few words.
 *
 * @param words what may be written
 * @param defaultText what holds without it; need not be one of the words
 */
public record TunableChoice(String key, List<String> words, String defaultText, String meaning)
    implements Tunable {

  public TunableChoice {
    words = List.copyOf(words);
  }

  @Override
  public String expected() {
    return String.join(" or ", words);
  }

  /**
   * The word, if one was written.
   *
   * @throws IllegalArgumentException naming the word and those that were expected
   */
  public Optional<String> parse(Optional<String> text) {
    text.filter(word -> !words.contains(word))
        .ifPresent(
            word -> {
              throw new IllegalArgumentException(
                  key + ": " + word + " (expected: " + expected() + ")");
            });
    return text;
  }
}
