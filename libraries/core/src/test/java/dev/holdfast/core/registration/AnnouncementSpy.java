package dev.holdfast.core.registration;

import dev.holdfast.core.Clock;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.ForwardingRegistry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.InMemoryRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Remembers every announcement of one process, and lets old ones misbehave: one may say nothing at
 * all, and one that is over may speak again. The contract forbids the latter; the machine must not
 * depend on it.
 */
final class AnnouncementSpy extends ForwardingRegistry {

  /** One announcement that was made. */
  final class Made implements Announcement, AnnouncementListener {
    final long atNanos = clock.nanoTime();
    private final AnnouncementListener listener;
    final boolean mute = muteNext;
    private Optional<Announcement> real = Optional.empty();
    boolean published;
    boolean over;

    Made(AnnouncementListener listener) {
      this.listener = listener;
    }

    @Override
    public void onPublished() {
      published = true;
      if (!mute) {
        listener.onPublished();
      }
    }

    @Override
    public void onEnded(RegistryException cause) {
      if (!mute) {
        over = true;
        if (cause.kind() == RegistryException.RegistryErrorKind.TAKEN_OVER) {
          takenOverNanos = Optional.of(clock.nanoTime());
        }
        listener.onEnded(cause);
      }
    }

    @Override
    public void update(Endpoint endpoint) {
      real.orElseThrow().update(endpoint);
    }

    @Override
    public CompletionStage<Void> withdraw() {
      over = true;
      return real.orElseThrow().withdraw();
    }

    /** Says something although it is over. */
    void haunt(boolean published) {
      if (published) {
        listener.onPublished();
      } else {
        listener.onEnded(
            new RegistryException(
                RegistryException.RegistryErrorKind.LEASE_LOST, "said by a dead one"));
      }
    }
  }

  final List<Made> made = new ArrayList<>();
  Optional<Long> takenOverNanos = Optional.empty();
  boolean muteNext;
  private final Clock clock;

  AnnouncementSpy(InMemoryRegistry real, Clock clock) {
    super(real);
    this.clock = clock;
  }

  @Override
  public Announcement announce(
      ServiceName service, Endpoint endpoint, AnnouncementListener listener) {
    Made announcement = new Made(listener);
    made.add(announcement);
    muteNext = false;
    announcement.real = Optional.of(super.announce(service, endpoint, announcement));
    return announcement;
  }

  /** Those that neither ended nor were withdrawn. */
  List<Made> alive() {
    return made.stream().filter(m -> !m.over).toList();
  }
}
