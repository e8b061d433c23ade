package dev.holdfast.cli.control;

import dev.holdfast.cli.UserError;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that names the policy file of control planes. */
public final class PolicyOption {
  @Option(
      names = "--policy",
      paramLabel = "FILE",
      description = "YAML file with routes, splits, retries and balancers (HOLDFAST_POLICY).")
  private @Nullable Path policy;

  /** The file, if one was named. */
  public Optional<Path> file() {
    return Optional.ofNullable(policy);
  }

  /**
   * The policy file, which must have been named.
   *
   * @throws UserError when none was named
   */
  Path required() {
    return file()
        .orElseThrow(
            () ->
                UserError.usage(
                    "policy: none (expected: --policy FILE or HOLDFAST_POLICY, the file that"
                        + " control planes were started with)"));
  }
}
