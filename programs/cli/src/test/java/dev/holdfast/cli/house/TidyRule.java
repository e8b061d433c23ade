package dev.holdfast.cli.house;

import dev.holdfast.cli.house.SourceTree.File;
import java.util.List;
import java.util.function.Function;

/**
 * A rule of the house style that a program can check, together with the smallest tree that breaks
 * it: a rule that can't fail is a wish.
 *
 * @param name what it demands, as a sentence
 * @param check the findings, one line each, empty when the tree is tidy
 * @param guilty files that break the rule
 */
record TidyRule(String name, Function<List<File>, List<String>> check, List<File> guilty) {
  @Override
  public String toString() {
    return name;
  }
}
