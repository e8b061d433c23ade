package dev.holdfast.cli.control;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.control.resources.Percent;
import dev.holdfast.control.resources.SplitEdit;
import dev.holdfast.control.resources.TrafficSplit;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.ServiceName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The {@code split} command, which divides the calls of a service among parts of its instances, by
 * an edit of the policy.
 */
@Command(
    name = "split",
    description = {
      "Divide the calls of a service among subsets of its instances: an edit of the policy that"
          + " control planes follow, in one step, with all comments kept.",
      "Without a share, show how they are divided now."
    },
    footer = {
      "",
      "A subset that the policy does not know becomes that of the instances whose metadata version",
      "(or --by) has its name. What is left of 100% goes to the instances in none of the subsets;",
      "the share of a subset without instances goes to the others. Where the shares were 100% in",
      "all, the others make room or take what is left. Control planes take an edit into use within",
      "half a second. Exit codes: 0 done or shown, 1 the file can't be read or written, 2 the",
      "command line or the policy makes no sense; then nothing was changed.",
      "",
      "  holdfast split orders v2=10% --policy policy.yaml",
      "  holdfast split orders v2=100%",
      "  holdfast split orders --clear"
    })
public final class SplitCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final PolicyOption policy = new PolicyOption();

  @Parameters(index = "0", paramLabel = "SERVICE", description = "The service, such as orders.")
  private String service = "";

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "SUBSET=PERCENT",
      description = "Shares such as v2=10%% or canary=0.5%%.")
  private List<String> shares = new ArrayList<>();

  @Option(
      names = "--by",
      paramLabel = "KEY",
      defaultValue = PolicySplits.DEFAULT_KEY,
      description =
          "The metadata that names a subset which the policy does not know;"
              + " ${DEFAULT-VALUE} by default.")
  private String key = PolicySplits.DEFAULT_KEY;

  @Option(names = "--clear", description = "Let calls go to all instances again.")
  private boolean clear;

  @Override
  public Integer call() {
    common.startLogging("ERROR");
    Path file = policy.required();
    ServiceName name = ServiceName.parse(service);
    if (!name.namespace().isEmpty()) {
      throw UserError.usage(
          "SERVICE: \"" + service + "\" (expected: a name inside the control plane's namespace)");
    }
    if (clear && !shares.isEmpty()) {
      throw UserError.usage("clear: beside shares (expected: one of both)");
    }
    Map<String, Percent> given = given();
    boolean asked = given.isEmpty() && !clear;
    try {
      if (!Files.exists(file)) {
        requireMayBeMade(file, asked);
      }
      PolicySplits splits = new PolicySplits(file);
      if (asked) {
        TrafficSplit present = splits.of(service);
        print(new SplitEdit.EditedPolicy("", present, present, List.of()), file, true);
      } else {
        print(splits.edit(service, given, key), file, false);
      }
    } catch (IOException e) {
      throw UserError.failed(
          "policy: " + file + ": can't be read or written: " + IoErrorText.of(e));
    }
    return ExitCode.OK;
  }

  private Map<String, Percent> given() {
    Map<String, Percent> given = new LinkedHashMap<>();
    for (String share : shares) {
      int equals = share.indexOf('=');
      if (equals < 1) {
        throw UserError.usage(
            "share: \"" + share + "\" (expected: SUBSET=PERCENT, such as v2=10%)");
      }
      String subset = share.substring(0, equals);
      if (given.put(subset, Percent.parse(subset, share.substring(equals + 1))) != null) {
        throw UserError.usage("share: " + subset + " twice (expected: once)");
      }
    }
    return given;
  }

  /** An edit may begin a policy, in a folder that is there. */
  private void requireMayBeMade(Path file, boolean asked) {
    Path parent = file.toAbsolutePath().getParent();
    if (asked || clear || parent == null || !Files.isDirectory(parent)) {
      throw UserError.failed("policy: " + file + ": no such file (expected: a YAML file)");
    }
    common.commandContext().err().println("holdfast: " + file + " is new");
  }

  private void print(SplitEdit.EditedPolicy editedPolicy, Path file, boolean asked) {
    if (common.json()) {
      common
          .commandContext()
          .out()
          .println(
              JsonLine.object()
                  .with("service", service)
                  .with("policy", file.toString())
                  .with("before", json(editedPolicy.before()))
                  .with("after", json(editedPolicy.after()))
                  .with("added_subsets", editedPolicy.addedSubsets()));
      return;
    }
    for (String subset : editedPolicy.addedSubsets()) {
      common
          .commandContext()
          .err()
          .println(
              "holdfast: new subset %s: the instances with %s=%s".formatted(subset, key, subset));
    }
    common
        .commandContext()
        .out()
        .println(
            asked
                ? service + ": " + PolicySplits.text(editedPolicy.after())
                : service
                    + ": "
                    + PolicySplits.text(editedPolicy.after())
                    + " (was: "
                    + PolicySplits.text(editedPolicy.before())
                    + ")");
  }

  private static Map<String, Object> json(TrafficSplit trafficSplit) {
    Map<String, Object> shares = new LinkedHashMap<>();
    trafficSplit.shares().forEach((subset, percent) -> shares.put(subset, percent.toString()));
    return shares;
  }
}
