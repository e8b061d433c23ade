package dev.holdfast.cli.console;

import dev.holdfast.cli.control.PolicySplits;
import dev.holdfast.control.resources.Percent;
import dev.holdfast.control.resources.SplitEdit;
import dev.holdfast.control.resources.TrafficSplit;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.ServiceName;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The requests that show or change how the calls of a service are divided. Thread-safe. */
final class ConsoleSplits {
  private static final Logger log = LoggerFactory.getLogger(ConsoleSplits.class);

  private final PolicySplits splits;

  ConsoleSplits(PolicySplits splits) {
    this.splits = splits;
  }

  /**
   * How the calls of a service are divided now.
   *
   * @throws IllegalArgumentException when there is no such service name, or the policy makes no
   *     sense
   */
  ConsoleAnswer shares(QueryStringDecoder request) {
    try {
      return answer(PolicySplits.text(splits.of(service(request))));
    } catch (NoSuchFileException e) {
      // The first split begins the file.
      return answer(PolicySplits.text(TrafficSplit.NONE));
    } catch (IOException e) {
      return failure(e);
    }
  }

  /**
   * Gives a subset a share, or with {@code clear=true} all calls to all instances.
   *
   * @throws IllegalArgumentException when a parameter or the policy makes no sense; then nothing
   *     was changed
   */
  ConsoleAnswer split(QueryStringDecoder request, String peer) {
    String service = service(request);
    Map<String, Percent> shares =
        ConsoleQuery.parameter(request, "clear").equals("true") ? Map.of() : share(request);
    try {
      SplitEdit.EditedPolicy done = splits.edit(service, shares, PolicySplits.DEFAULT_KEY);
      String after = PolicySplits.text(done.after());
      log.info(
          "event=console_action action=split service={} split=\"{}\" by={}", service, after, peer);
      return answer(after + " (was: " + PolicySplits.text(done.before()) + ")");
    } catch (IOException e) {
      return failure(e);
    }
  }

  private static Map<String, Percent> share(QueryStringDecoder request) {
    String subset = ConsoleQuery.parameter(request, "subset");
    if (subset.isEmpty()) {
      throw new IllegalArgumentException("subset: none (expected: a name, such as v2)");
    }
    return Map.of(subset, Percent.parse(subset, ConsoleQuery.parameter(request, "percent") + "%"));
  }

  private static String service(QueryStringDecoder request) {
    String text = ConsoleQuery.parameter(request, "service");
    ServiceName name = ServiceName.parse(text);
    if (!name.namespace().isEmpty()) {
      throw new IllegalArgumentException(
          "service: \"" + text + "\" (expected: a name inside the control plane's namespace)");
    }
    return name.name();
  }

  private static ConsoleAnswer answer(String split) {
    return ConsoleAnswer.json(ConsoleJson.message("split", split));
  }

  private static ConsoleAnswer failure(IOException e) {
    return ConsoleAnswer.refusal(
        HttpResponseStatus.INTERNAL_SERVER_ERROR,
        "policy: can't be read or written: " + IoErrorText.of(e));
  }
}
