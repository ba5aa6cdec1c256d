"""Every name of Python's socketserver that a program may use, one in a line: classes, their methods and
attributes, and what their instances are given."""

import ast
import inspect
import socketserver

names = set(socketserver.__all__)
for name in socketserver.__all__:
    names.update(vars(getattr(socketserver, name)))
for node in ast.walk(ast.parse(inspect.getsource(socketserver))):
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            names.add(node.attr)
print("\n".join(sorted(name for name in names if not name.startswith("_"))))
