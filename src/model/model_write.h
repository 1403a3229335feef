#pragma once
// The parts of a model directory that writing a trained model and creating a random one share.

#include <filesystem>
#include <optional>
#include <string>

#include "base/json.h"
#include "model/config.h"
#include "model/contract.h"
#include "model/model_directory.h"
#include "model/tensor_changes.h"

namespace recto {

/// "float32", "float16", "bfloat16": the names of config.json. Throws Error(kUsage) for others.
const char* torch_dtype_name(DType dtype);

/// "fp32", "fp16" or "bf16": the names of --dtype. Throws Error(kUsage) for others.
DType parse_weights_dtype(const std::string& name);

/// Whether a file of this configuration is laid out as ...ForConditionalGeneration: names with
/// `model.` before them, beside the head.
bool is_head_architecture(const std::string& architecture);

/// The name of a tensor in a file laid out with or without the head class.
std::string file_tensor_name(const std::string& canonical, bool head_class);

/// Throws Error(kMismatch) naming `where` when the contract's full width or tile is not the
/// model's, or its sparse output is larger than the vocabulary. The full width of vectors from the
/// vocabulary is that of the sparse head: check_dense_width().
void check_contract(const Contract& contract, const ModelConfig& config, const std::string& where);

/// Throws Error(kMismatch) naming `where` when the contract's vectors come from the vocabulary and
/// `head` makes none of their width.
void check_dense_width(const Contract& contract, const SparseHead& head, const std::string& where);

/// Writes retriever.json, with weights_sha256 of the weights (and of the sparse head, if it has
/// that output) in `directory`, and the processor files that say the same; model.safetensors,
/// config.json and sparse_head.safetensors must be there already.
void write_contract(const std::filesystem::path& directory, Contract contract);

/// As write_model_directory() of model/model_directory.h, with `changes` in place of the tensors of
/// `weights` that they name, both made and read one tensor at a time, and with `head` for the
/// sparse output, if the contract has it.
void write_changed_model_directory(const ModelDirectory& from, const Weights& weights,
                                   const TensorChanges& changes, std::optional<DType> dtype,
                                   Contract contract, const std::optional<SparseHead>& head,
                                   const std::filesystem::path& to);

}  // namespace recto
