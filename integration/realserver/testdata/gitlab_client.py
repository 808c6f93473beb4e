"""Publishes, lists and downloads packages with python-gitlab (https://python-gitlab.readthedocs.io), a GitLab client that
shares no code with pkgferry. Run as: GITLAB_URL=… GITLAB_TOKEN=… python3 gitlab_client.py GROUP FILE
It prints one JSON object per package file of the group's projects.
"""

import json
import os
import sys

import gitlab


def main(group, path):
    server = gitlab.Gitlab(os.environ["GITLAB_URL"], private_token=os.environ["GITLAB_TOKEN"])
    server.auth()
    project = server.projects.get(f"{group}/generic-packages")
    name = os.path.basename(path)
    project.generic_packages.upload(package_name="from-python", package_version="1.0.0", file_name=name, path=path)
    downloaded = project.generic_packages.download(package_name="from-python", package_version="1.0.0", file_name=name)
    with open(path, "rb") as file:
        if downloaded != file.read():
            sys.exit("other bytes came back")
    for one in server.groups.get(group).projects.list(all=True):
        project = server.projects.get(one.id)
        for package in project.packages.list(all=True, per_page=3):
            for file in package.package_files.list(all=True, per_page=2):
                print(json.dumps({
                    "project": project.path_with_namespace, "format": package.package_type, "package": package.name,
                    "version": package.version or "", "file": file.file_name, "size": file.size, "sha256": file.file_sha256,
                }))


main(*sys.argv[1:])
