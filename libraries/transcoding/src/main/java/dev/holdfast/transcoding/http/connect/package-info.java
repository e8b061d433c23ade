/**
 * Connect: calls as plain HTTP, with errors in JSON.
 *
 * @see <a href="https://connectrpc.com/docs/protocol">the protocol</a>
 */
@NullMarked
package dev.holdfast.transcoding.http.connect;

import org.jspecify.annotations.NullMarked;
