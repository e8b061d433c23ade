package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A single read of a Service from the source of truth: a list without a resourceVersion, which a
 * stale cache may not answer. Confined to the scheduler.
 */
final class SliceRead {
  private final SliceScope sliceScope;
  private final SliceInformer.InformerContext around;
  private final ServiceName service;
  private final SliceMapper mapper;
  private final CompletableFuture<RegistrySnapshot> answer;
  private final ListProgress list = new ListProgress();
  private @Nullable Subscription request;
  private @Nullable Subscription timer;

  SliceRead(
      SliceScope sliceScope,
      SliceInformer.InformerContext around,
      ServiceName service,
      SliceMapper mapper,
      CompletableFuture<RegistrySnapshot> answer) {
    this.sliceScope = sliceScope;
    this.around = around;
    this.service = service;
    this.mapper = mapper;
    this.answer = answer;
  }

  void begin() {
    timer = around.scheduler().schedule(around.options().requestTimeout(), this::late);
    ask();
  }

  void fail(RegistryException cause) {
    stop();
    answer.completeExceptionally(cause);
  }

  private void ask() {
    request =
        around
            .api()
            .list(
                new ApiTransport.ApiListRequest(
                    sliceScope, "", list.next(), SliceInformer.PAGE_SLICES),
                this::onPage,
                failure -> {
                  around.meters().requestFailed(failure.error().kind());
                  fail(failure.toRegistryException());
                });
  }

  private void onPage(SlicePage page) {
    list.add(page);
    if (list.isTooLarge()) {
      fail(
          new RegistryException(
              RegistryErrorKind.MALFORMED, service + ": " + ListProgress.limits()));
    } else if (!list.next().isEmpty()) {
      ask();
    } else {
      SliceMapper.Mapping mapping = mapper.map(List.copyOf(list.slices().values()));
      if (mapping.problem() != null) {
        fail(
            new RegistryException(RegistryErrorKind.MALFORMED, service + ": " + mapping.problem()));
      } else {
        stop();
        answer.complete(new RegistrySnapshot(mapping.endpoints(), 0));
      }
    }
  }

  private void late() {
    around.meters().requestTimedOut();
    around.api().discardConnection();
    fail(
        new RegistryException(
            RegistryErrorKind.UNAVAILABLE,
            service
                + " was not read within "
                + around.options().requestTimeout().toMillis()
                + " ms"));
  }

  private void stop() {
    if (timer != null) {
      timer.close();
    }
    if (request != null) {
      request.close();
    }
  }
}
