package dev.holdfast.streams;

import java.util.concurrent.CompletionStage;

/**
 * A store of durable sessions: a fenced compare-and-set.
 *
 * <p>Both operations are atomic for one session id and idempotent. Thread-safe. A stage that fails
 * counts as {@link StoreResponse.Failed}; the shell gives each request a time limit.
 *
 * <ul>
 *   <li>{@code claim}: with a record of another caller, {@link StoreResponse.Missing} and nothing
 *       changed, so that a session can't be stolen or fenced by somebody else. Without a record,
 *       stores {@code fresh} ({@link StoreResponse.Claimed}) or says {@link StoreResponse.Missing}.
 *       With one whose fence is lower, or has the same number and owner, takes attach and owner
 *       over ({@code Claimed}). Otherwise {@link StoreResponse.Fenced}.
 *   <li>{@code save}: unless the record has exactly this attach and owner, {@code Fenced}. At the
 *       given version, applies the change ({@link StoreResponse.Saved}); one version later it was
 *       applied before ({@code Saved}). More than one version later this is a duplicate that newer
 *       changes overtook: {@code Fenced}, and nothing changes. Without a record, with a lower fence
 *       or a lower version the store went back in time or forgot: {@link StoreResponse.Lost}, and
 *       nobody may go on from what is left.
 * </ul>
 *
 * <p>Any request may arrive late, after newer ones and after its asker gave it up: bytes of a
 * closed socket may still be executed.
 *
 * <p>A record may be forgotten {@link StoreRequest#keep} after the last request that was carried
 * out for it; a session that is there asks early enough. {@code SessionStoreContractTest} in the
 * test jar is all of this as tests.
 */
public interface SessionStore {
  CompletionStage<StoreResponse> claim(StoreRequest.Claim request);

  CompletionStage<StoreResponse> save(StoreRequest.Save request);
}
