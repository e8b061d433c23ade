package dev.holdfast.core;

/** A {@link Tunable} whose values no range describes: names, paths, lists, other options. */
public record TunableText(String key, String expected, String defaultText, String meaning)
    implements Tunable {}
