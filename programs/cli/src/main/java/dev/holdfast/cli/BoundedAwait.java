package dev.holdfast.cli;

import dev.holdfast.core.DurationText;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The bounded wait for a registry's asynchronous result. */
final class BoundedAwait {
  private BoundedAwait() {}

  /**
   * The result, waited for up to a limit.
   *
   * @param what what was asked, for the error
   */
  static <T> T await(CompletionStage<T> answer, Duration limit, String what) {
    try {
      return answer.toCompletableFuture().get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw UserError.failed(what + ": no answer within " + DurationText.format(limit));
    } catch (ExecutionException e) {
      throw new CompletionException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw UserError.failed(what + ": interrupted");
    }
  }
}
