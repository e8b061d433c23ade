/**
 * HTTP/2 connections (RFC 9113) behind {@link dev.holdfast.gateway.http2.codec.FrameConnection}:
 * frames, streams, flow-control windows, flood limits and the HPACK header block cache.
 */
@NullMarked
package dev.holdfast.gateway.http2.codec;

import org.jspecify.annotations.NullMarked;
