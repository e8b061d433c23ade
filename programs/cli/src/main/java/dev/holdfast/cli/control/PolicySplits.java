package dev.holdfast.cli.control;

import dev.holdfast.control.resources.Percent;
import dev.holdfast.control.resources.PolicyFile;
import dev.holdfast.control.resources.SplitEdit;
import dev.holdfast.control.resources.TrafficSplit;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The splits of the services in a policy file, which this reads and edits. Thread-safe. */
public final class PolicySplits {
  /** The metadata that names a subset which the policy does not know, by default. */
  public static final String DEFAULT_KEY = "version";

  private final Path file;

  public PolicySplits(Path file) {
    this.file = file;
  }

  /**
   * The split of a service.
   *
   * @throws IOException when the file can't be read
   * @throws IllegalArgumentException when it is no policy
   */
  public TrafficSplit of(String service) throws IOException {
    return new PolicyFile(file).read().of(service).traffic().split();
  }

  /**
   * Gives these subsets these shares, in one step; without shares calls go to all instances again.
   *
   * @param key the metadata that names a subset which the policy does not know
   * @throws IOException when the file can't be read or written
   * @throws IllegalArgumentException when the policy or the shares make no sense; then nothing was
   *     changed
   */
  public SplitEdit.EditedPolicy edit(String service, Map<String, Percent> shares, String key)
      throws IOException {
    List<SplitEdit.EditedPolicy> done = new ArrayList<>();
    new PolicyFile(file)
        .edit(
            text -> {
              SplitEdit edit = new SplitEdit(file.toString(), text, service);
              SplitEdit.EditedPolicy edited =
                  shares.isEmpty() ? edit.cleared() : edit.with(shares, key);
              done.add(edited);
              return edited.text();
            });
    return done.get(done.size() - 1);
  }

  /** A split in words, such as {@code v2 10%, others 90%}. */
  public static String text(TrafficSplit split) {
    if (split.isNone()) {
      return "all instances";
    }
    String shares =
        split.shares().entrySet().stream()
            .map(e -> e.getKey() + " " + e.getValue())
            .collect(Collectors.joining(", "));
    return split.rest().equals(Percent.NONE) ? shares : shares + ", others " + split.rest();
  }
}
