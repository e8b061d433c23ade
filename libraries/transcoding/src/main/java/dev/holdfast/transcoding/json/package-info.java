/**
 * JSON and protobuf, straight between bytes: the JSON mapping of protobuf (protobuf.dev,
 * "ProtoJSON") by plans that are compiled once per message type. No tree, no message objects.
 */
@NullMarked
package dev.holdfast.transcoding.json;

import org.jspecify.annotations.NullMarked;
