"""Spec: files of the language into a typed configuration, checked and compiled but not evaluated.

Pure but for the loader (`load`), the files of values (`read_variables`) and `LocalFiles`, which read. Every problem of every
file and module is told at once, in one `DiagnosticError`.
"""

from vwplan.spec.attestation import Attestation, AttestedImage, holds
from vwplan.spec.files import LocalFiles
from vwplan.spec.load import load
from vwplan.spec.model import (
    CheckBlock,
    Condition,
    Configuration,
    DataBlock,
    Defaults,
    Dynamic,
    Given,
    ImportBlock,
    LifecycleBlock,
    LocalValue,
    MemberBlock,
    Meta,
    Module,
    ModuleCall,
    MovedBlock,
    Nested,
    OutputBlock,
    Part,
    ProviderBlock,
    RemovedBlock,
    ResourceBlock,
    Settings,
    VariableBlock,
)
from vwplan.spec.variables import Inputs, read_inputs, read_variables

__all__ = [
    "Attestation",
    "AttestedImage",
    "CheckBlock",
    "Condition",
    "Configuration",
    "DataBlock",
    "Defaults",
    "Dynamic",
    "Given",
    "ImportBlock",
    "Inputs",
    "LifecycleBlock",
    "LocalFiles",
    "LocalValue",
    "MemberBlock",
    "Meta",
    "Module",
    "ModuleCall",
    "MovedBlock",
    "Nested",
    "OutputBlock",
    "Part",
    "ProviderBlock",
    "RemovedBlock",
    "ResourceBlock",
    "Settings",
    "VariableBlock",
    "holds",
    "load",
    "read_inputs",
    "read_variables",
]
